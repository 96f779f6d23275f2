"""Random graphs of the operators of TFLM's signal library, whose options are flexbuffer maps."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from bench.operators.single import SingleOperator, chance, pick, quantization
from flatbuffers import flexbuffers

from qmcu.model.graph import Graph
from qmcu.model.schema import enum_values

Rng = np.random.Generator
Result = tuple[tuple[int, ...], str]


def _graph(
    operator: SingleOperator, results: Sequence[Result], options: dict[str, int | bool]
) -> Graph:
    """The operator with outputs of these shapes and types and with these options."""
    graph = operator.graph(*((shape, None) for shape, _ in results))
    tensors = list(graph.tensors)
    for index, (_, dtype) in zip(graph.outputs, results, strict=True):
        tensors[index] = replace(tensors[index], dtype=dtype)
    custom = bytes(flexbuffers.Dumps(options))
    operators = (replace(graph.operators[0], custom=custom),)
    return replace(graph, tensors=tuple(tensors), operators=operators)


def _operator(name: str) -> SingleOperator:
    return SingleOperator(f"CUSTOM:Signal{name}")


def window(rng: Rng) -> Graph:
    """One to three rows; shifts that clip too."""
    length = int(rng.integers(1, 40))
    shape = (int(rng.integers(1, 4)), length)
    operator = _operator("Window")
    operator.input(shape, None, "int16")
    operator.constant("window", rng.integers(-32768, 32768, length).astype(np.int16))
    return _graph(operator, [(shape, "int16")], {"shift": int(rng.integers(8, 17))})


def fft_auto_scale(rng: Rng) -> Graph:
    """Any length."""
    shape = (int(rng.integers(1, 40)),)
    operator = _operator("FftAutoScale")
    operator.input(shape, None, "int16")
    return _graph(operator, [(shape, "int16"), ((), "int32")], {})


def rfft(rng: Rng, dtype: str = "int16") -> Graph:
    """Lengths 4 to 512, rows that are filled up."""
    length = 1 << int(rng.integers(2, 10))
    rows = pick(rng, (), (1,), (2,))
    operator = _operator("Rfft")
    operator.input((*rows, int(rng.integers(1, length + 1))), None, dtype)
    return _graph(operator, [((*rows, length + 2), dtype)], _transform(length, dtype))


def irfft(rng: Rng, dtype: str = "int16") -> Graph:
    """Lengths 4 to 512."""
    length = 1 << int(rng.integers(2, 10))
    rows = pick(rng, (), (1,), (2,))
    operator = _operator("Irfft")
    operator.input((*rows, length + 2), None, dtype)
    return _graph(operator, [((*rows, length), dtype)], _transform(length, dtype))


def _transform(length: int, dtype: str) -> dict[str, int | bool]:
    return {"T": enum_values("TensorType")[dtype.upper()], "fft_length": length}


def energy(rng: Rng) -> Graph:
    """All of a spectrum: what lies outside, the interpreter leaves as it was."""
    size = int(rng.integers(1, 40))
    operator = _operator("Energy")
    operator.input((2 * size,), None, "int16")
    return _graph(operator, [((size,), "uint32")], {"start_index": 0, "end_index": size})


def filter_bank(rng: Rng) -> Graph:
    """Bands anywhere, some of them empty."""
    channels, size = int(rng.integers(1, 12)), int(rng.integers(8, 40))
    widths = rng.integers(0, 8, channels + 1).astype(np.int16)
    starts = np.array([rng.integers(0, size - w + 1) for w in widths], np.int16)
    begins = (np.cumsum(widths) - widths).astype(np.int16)
    weights = max(1, int(widths.sum()))
    operator = _operator("FilterBank")
    operator.input((size,), None, "uint32")
    for name in ("weights", "unweights"):
        operator.constant(name, rng.integers(-4096, 4097, weights).astype(np.int16))
    for name, values in (("starts", starts), ("begins", begins), ("widths", widths)):
        operator.constant(name, values)
    return _graph(operator, [((channels,), "uint64")], {"num_channels": channels})


def square_root(rng: Rng) -> Graph:
    """Of values over the whole range, scaled down by a constant."""
    size = int(rng.integers(1, 30))
    operator = _operator("FilterBankSquareRoot")
    operator.input((size,), None, "uint64")
    operator.constant("bits", np.array(int(rng.integers(0, 16)), np.int32))
    return _graph(operator, [((size,), "uint32")], {})


def spectral_subtraction(rng: Rng) -> Graph:
    """As the front end of micro_speech, and with other shares."""
    size, bits = int(rng.integers(1, 30)), int(rng.integers(8, 17))
    one = 1 << bits
    smoothing, alternate = (int(n) for n in rng.integers(0, one + 1, 2))
    options: dict[str, int | bool] = {
        "alternate_one_minus_smoothing": one - alternate,
        "alternate_smoothing": alternate,
        "clamping": chance(rng, 0.5),
        "min_signal_remaining": int(rng.integers(0, one + 1)),
        "num_channels": size,
        "one_minus_smoothing": one - smoothing,
        "smoothing": smoothing,
        "smoothing_bits": int(rng.integers(0, 12)),
        "spectral_subtraction_bits": bits,
    }
    operator = _operator("FilterBankSpectralSubtraction")
    operator.input((size,), None, "uint32")
    return _graph(operator, [((size,), "uint32"), ((size,), "uint32")], options)


def pcan(rng: Rng) -> Graph:
    """Any table."""
    size = int(rng.integers(1, 30))
    operator = _operator("PCAN")
    operator.input((size,), None, "uint32")
    operator.input((size,), None, "uint32")
    operator.constant("table", rng.integers(-8192, 8192, 125).astype(np.int16))
    return _graph(operator, [((size,), "uint32")], {"snr_shift": int(rng.integers(0, 20))})


def log(rng: Rng) -> Graph:
    """Any scale."""
    size = int(rng.integers(1, 30))
    operator = _operator("FilterBankLog")
    operator.input((size,), None, "uint32")
    options: dict[str, int | bool] = {
        "input_correction_bits": int(rng.integers(0, 8)),
        "output_scale": int(rng.integers(1, 4000)),
    }
    return _graph(operator, [((size,), "int16")], options)


def delay(rng: Rng) -> Graph:
    """Shorter and longer than a frame."""
    shape = (*pick(rng, (), (1,), (3,)), int(rng.integers(1, 20)))
    operator = _operator("Delay")
    operator.input(shape, None, "int16")
    return _graph(operator, [(shape, "int16")], {"delay_length": int(rng.integers(1, 40))})


def overlap_add(rng: Rng, dtype: str = "int16") -> Graph:
    """One to three frames, steps up to the frame's size."""
    frames, size = int(rng.integers(1, 4)), int(rng.integers(1, 20))
    step, outer = int(rng.integers(1, size + 1)), pick(rng, (), (1,), (2,))
    operator = _operator("OverlapAdd")
    operator.input((*outer, frames, size), None, dtype)
    options: dict[str, int | bool] = {
        "T": enum_values("TensorType")[dtype.upper()], "frame_step": step,
    }  # fmt: skip
    return _graph(operator, [((*outer, frames * step), dtype)], options)


def framer(rng: Rng) -> Graph:
    """Filled at first: the interpreter gives no values where a frame is not whole."""
    step = int(rng.integers(1, 12))
    size, frames = step + int(rng.integers(0, 12)), int(rng.integers(1, 4))
    outer = pick(rng, (), (1,), (2,))
    operator = _operator("Framer")
    operator.input((*outer, frames * step), None, "int16")
    options: dict[str, int | bool] = {"frame_size": size, "frame_step": step, "prefill": True}
    return _graph(operator, [((*outer, frames, size), "int16"), ((), "bool")], options)


def stacker(rng: Rng) -> Graph:
    """With frames on the left alone, so that every output is whole."""
    channels, left = int(rng.integers(1, 8)), int(rng.integers(0, 4))
    operator = _operator("Stacker")
    operator.input((channels,), None, "int16")
    options: dict[str, int | bool] = {
        "num_channels": channels,
        "stacker_left_context": left,
        "stacker_right_context": 0,
        "stacker_step": 1,
    }
    return _graph(operator, [((channels * (left + 1),), "int16"), ((), "bool")], options)


def circular_buffer(rng: Rng) -> Graph:
    """Run every time, as the option or the number of values says."""
    depth, width = (int(n) for n in rng.integers(1, 6, 2))
    slots = int(pick(rng, 5, 13, 25, int(rng.integers(1, 8))))
    grid = quantization(rng)
    operator = SingleOperator("CUSTOM:CIRCULAR_BUFFER")
    operator.input((1, 1, width, depth), grid)
    graph = operator.graph(((1, slots, width, depth), grid))
    (output,) = graph.outputs
    tensors = list(graph.tensors)
    tensors[output] = replace(tensors[output], is_variable=True)
    said = slots not in (5, 13, 25) or chance(rng, 0.5)
    custom = bytes(flexbuffers.Dumps({"cycles_max": 1})) if said else b""
    operators = (replace(graph.operators[0], custom=custom),)
    return replace(graph, tensors=tuple(tensors), operators=operators)

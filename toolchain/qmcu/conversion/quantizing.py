"""What the kinds of files share in the converter's process: its files, samples, and TensorFlow."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from qmcu.conversion.signatures import InputSpec
from qmcu.errors import ModelError
from qmcu.model.forms import settle
from qmcu.model.graph import Graph
from qmcu.model.masks import masks_of, with_cut_masks
from qmcu.model.quantizable import quantizable
from qmcu.model.ranges import uncut
from qmcu.model.reader import parse_model
from qmcu.model.writer import write_model
from qmcu.tensorflow import open_interpreter
from qmcu.text import first_line
from qmcu.types import Array

MODEL, FLOAT = "model.tflite", "float.tflite"
# What TensorFlow's calibrator and interpreter say of a custom operator.
_UNKNOWN_OPERATOR = ("op resolver", "unresolved custom op")
# Of the weights that a softmax gives, in int8 and in int16.
_STEPS = (256, 32768)


def quantize_file(path: Path, data: bytes, samples: list[Array], order: Mapping[str, Any]) -> bytes:
    """What TensorFlow's converter does with its own float file: calibrate, then quantize.

    Each operator is then in numbers that tflite-micro has it in. Raises ModelError.
    """
    try:
        with contextlib.redirect_stdout(None):
            return settle(quantize(data, samples, order), path.stem)
    except Exception as error:
        raise ModelError(f"{path} cannot be quantized: {_reason(error, data)}.") from error


def _reason(error: Exception, data: bytes) -> str:
    """What went wrong; custom operators by name, which TensorFlow tells nothing of."""
    told = first_line(error)
    if not any(sign in told for sign in _UNKNOWN_OPERATOR):
        return told
    kinds = {op.kind.partition(":") for op in parse_model(data, "float").operators}
    names = sorted(name for family, _, name in kinds if family == "CUSTOM")
    return (
        f"TensorFlow has no kernel for its custom operator {' and '.join(names)}, so that nothing "
        "behind it can be calibrated; export the model with TensorFlow's own layers in its place"
        if names
        else told
    )


def quantize(data: bytes, samples: list[Array], order: Mapping[str, Any]) -> bytes:
    """A float .tflite in integers, calibrated once on `samples`, one [N, ...] for each input.

    int8, or where the order says `wide` int16 activations beside int8 weights; what has no 16-bit
    form stays in float. Masks are cut to what integers hold, and no range cuts what others read.
    """
    from tensorflow.lite.python import convert
    from tensorflow.python.framework import dtypes

    wide, per_tensor = bool(order.get("wide")), bool(order.get("per_tensor"))
    data = _with_cut_masks(_in_forms(data), samples, _STEPS[wide])
    calibrated = _uncut(_calibrated(data, samples), wide)
    if not wide:
        return bytes(
            convert.mlir_quantize(
                calibrated, disable_per_channel=per_tensor, input_data_type=dtypes.int8,
                output_data_type=dtypes.int8,
            )
        )  # fmt: skip
    return _with_wide_numbers(calibrated, per_tensor)


def _with_wide_numbers(calibrated: bytes, per_tensor: bool) -> bytes:
    """The calibrated file with int16 activations; ends that only real layers have stay real."""
    from tensorflow.lite.python.optimize import calibrator
    from tensorflow.python.framework import dtypes

    ends, wide = {"input": dtypes.int16, "output": dtypes.int16}, dtypes.int16
    while True:
        try:
            # Without rows the ranges stay that are in the file.
            return bytes(
                calibrator.Calibrator(calibrated).calibrate_and_quantize(
                    tuple, ends["input"], ends["output"], True, wide, dtypes.int64,
                    disable_per_channel=per_tensor,
                )
            )  # fmt: skip
        except RuntimeError as error:
            real = next((end for end in ends if f"Unsupported {end} type INT16" in str(error)), "")
            if not real or ends[real] != wide:
                raise
            ends[real] = dtypes.float32


def _calibrated(data: bytes, samples: list[Array]) -> bytes:
    """The file with the range of each tensor over the samples."""
    from tensorflow.lite.python.optimize import calibrator

    shapes = [tensor.shape for tensor in parse_model(data, "float").input_tensors]

    def rows() -> Iterator[list[Array]]:
        for i in range(len(samples[0])):
            yield [array[i].reshape(shape) for array, shape in zip(samples, shapes, strict=True)]

    calibration = calibrator.Calibrator(calibrator.add_intermediate_tensors(data))
    return bytes(calibration.calibrate(rows))


def _in_forms(data: bytes) -> bytes:
    """The float file in operators that are quantized, and the same way every time."""
    graph = parse_model(data, "float")
    plain = quantizable(graph)
    return data if plain is graph else write_model(plain)


def _with_cut_masks(data: bytes, samples: list[Array], steps: int) -> bytes:
    """The float file with masks of attention that integers can hold beside the scores."""
    graph = parse_model(data, "float")
    masks = [] if graph.subgraphs else masks_of(graph)
    if not masks:
        return data
    wanted = {i for mask in masks for i in (mask.scores, mask.gate) if i is not None}
    cut = with_cut_masks(graph, masks, _ranges(data, graph, wanted, samples), steps)
    return data if cut is graph else write_model(cut)


def _ranges(
    data: bytes, graph: Graph, wanted: set[int], samples: list[Array]
) -> dict[int, tuple[float, float]]:
    """The smallest and largest value of tensors over the samples."""
    interpreter = open_interpreter(data)
    found = dict.fromkeys(wanted, (np.inf, -np.inf))
    for row in range(len(samples[0])):
        for index, array in zip(graph.inputs, samples, strict=True):
            interpreter.set_tensor(index, array[row].reshape(graph.tensors[index].shape))
        interpreter.invoke()
        for i, (low, high) in found.items():
            values = interpreter.get_tensor(i)
            found[i] = (min(low, float(values.min())), max(high, float(values.max())))
    return found


def _uncut(calibrated: bytes, wide: bool = False) -> bytes:
    """The calibrated file with ranges that cut no number which another operator reads."""
    from tensorflow.lite.tools import flatbuffer_utils

    graph = parse_model(calibrated, "calibrated")
    if graph.subgraphs:
        return calibrated
    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(calibrated))
    tensors = model.subgraphs[0].tensors
    ranges = {
        i: (float(q.min[0]), float(q.max[0]))
        for i, tensor in enumerate(tensors)
        if (q := tensor.quantization) is not None
        and q.min is not None and q.max is not None and len(q.min) == len(q.max) == 1
    }  # fmt: skip
    wider = uncut(graph, ranges, sums=wide)
    for i, (low, high) in wider.items():
        tensors[i].quantization.min, tensors[i].quantization.max = [low], [high]
    if not wider:
        return calibrated
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def read_samples(path: Path, inputs: tuple[InputSpec, ...]) -> dict[str, Array]:
    """The samples that the parent checked, in the types that the model takes."""
    with np.load(path, allow_pickle=False) as archive:
        return {
            spec.name: archive[f"input_{i}"].astype(np.dtype(spec.dtype))
            for i, spec in enumerate(inputs)
        }

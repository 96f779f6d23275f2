"""A small model and its firmware, for the tests of everything right of the compiler."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from qmcu.board import load_board
from qmcu.builder import BuildOptions, build_firmware
from qmcu.builder.elf_layout import read_digest
from qmcu.model.graph import Graph, Operator, OptionValue, Quantization, Tensor
from qmcu.model.writer import write_model

PORTABLE = BuildOptions("portable")
OPTIONS: dict[str, OptionValue] = {
    "fused_activation_function": "NONE",
    "weights_format": "DEFAULT",
    "keep_num_dims": False,
    "asymmetric_quantize_inputs": False,
    "quantized_bias_type": "FLOAT32",
}

_WINDOW: dict[str, OptionValue] = {
    "padding": "SAME",
    "stride_w": 1,
    "stride_h": 1,
    "fused_activation_function": "NONE",
}
RESIDUAL_OPTIONS: dict[str, dict[str, OptionValue]] = {
    "CONV_2D": {**_WINDOW, "dilation_w_factor": 1, "dilation_h_factor": 1},
    "ADD": {"fused_activation_function": "RELU", "pot_scale_int16": False},
    "AVERAGE_POOL_2D": {**_WINDOW, "padding": "VALID", "filter_width": 8, "filter_height": 8},
    "FULLY_CONNECTED": OPTIONS,
}


def chain(seed: int = 5, pixels: int = 12, hidden: int = 8) -> Graph:
    """Two FULLY_CONNECTED layers: 12 -> 8 (`hidden`) -> 4 (`scores`)."""
    rng = np.random.default_rng(seed)
    tensors = [_activation(0, "pixels", pixels, 0.5)]
    operators = []
    for step, (inputs, outputs, scale, name) in enumerate(
        ((pixels, hidden, 8.0, "hidden"), (hidden, 4, 64.0, "scores"))
    ):
        weights = rng.integers(-127, 128, (outputs, inputs)).astype(np.int8)
        bias = rng.integers(-300, 300, outputs).astype("<i4")
        at, source = len(tensors), tensors[-1]
        assert source.quantization is not None
        bias_scale = source.quantization.scale * 0.25
        tensors += [
            Tensor(at, f"w{step}", weights.shape, "int8", _symmetric(0.25), weights.tobytes()),
            Tensor(at + 1, f"b{step}", bias.shape, "int32", _symmetric(bias_scale), bias.tobytes()),
            _activation(at + 2, name, outputs, scale),
        ]
        operators.append(
            Operator(step, "FULLY_CONNECTED", (source.index, at, at + 1), (at + 2,), OPTIONS)
        )
    return Graph("chain", tuple(tensors), tuple(operators), (0,), (tensors[-1].index,))


def residual() -> Graph:
    """A small ResNet: convolution, a residual block, pooling, classifier; 8x8x3 -> 4 scores."""
    rng = np.random.default_rng(7)
    tensors = [Tensor(0, "image", (1, 8, 8, 3), "int8", Quantization((1 / 255,), (-128,)))]
    operators: list[Operator] = []

    def constant(array: "np.ndarray[Any, Any]", quantization: Quantization) -> int:
        at, little = len(tensors), array.astype(array.dtype.newbyteorder("<"))
        tensors.append(
            Tensor(at, f"c{at}", array.shape, array.dtype.name, quantization, little.tobytes())
        )
        return at

    def output(kind: str, inputs: tuple[int, ...], shape: tuple[int, ...], scale: float) -> int:
        at = len(tensors)
        tensors.append(Tensor(at, f"t{at}", shape, "int8", Quantization((scale,), (-5,))))
        operators.append(Operator(len(operators), kind, inputs, (at,), RESIDUAL_OPTIONS[kind]))
        return at

    def weighted(kind: str, source: int, shape: tuple[int, ...], result: tuple[int, ...]) -> int:
        step = tensors[source].quantization
        assert step is not None
        count = shape[0]
        weights = constant(
            rng.integers(-127, 128, shape).astype(np.int8), Quantization((0.01,), (0,))
        )
        bias = constant(
            rng.integers(-500, 500, count).astype(np.int32),
            Quantization((step.scale * 0.01,), (0,)),
        )
        spread = step.scale * 0.01 * 70 * float(np.prod(shape[1:])) ** 0.5
        return output(kind, (source, weights, bias), result, spread)

    first = weighted("CONV_2D", 0, (8, 3, 3, 3), (1, 8, 8, 8))
    second = weighted("CONV_2D", first, (8, 3, 3, 8), (1, 8, 8, 8))
    scale = tensors[second].quantization.scale  # type: ignore[union-attr]
    added = output("ADD", (first, second), (1, 8, 8, 8), scale * 1.5)
    pooled = output("AVERAGE_POOL_2D", (added,), (1, 1, 1, 8), scale * 1.5)
    scores = weighted("FULLY_CONNECTED", pooled, (4, 8), (1, 4))
    return Graph("residual", tuple(tensors), tuple(operators), (0,), (scores,))


def write_residual(folder: Path) -> Path:
    """The small ResNet as a .tflite file."""
    path = folder / "residual.tflite"
    path.write_bytes(write_model(residual()))
    return path


def write_chain(folder: Path, seed: int = 5) -> Path:
    """The chain as a .tflite file."""
    path = folder / "chain.tflite"
    path.write_bytes(write_model(chain(seed)))
    return path


def write_wide(folder: Path) -> Path:
    """A chain of 104 -> 40 -> 4, whose first weights have 4,160 bytes, as a .tflite file."""
    path = folder / "wide.tflite"
    path.write_bytes(write_model(chain(pixels=104, hidden=40)))
    return path


def build_chain(folder: Path, board: str = "stm32f746", seed: int = 5) -> Path:
    """The chain's firmware directory in `folder`; another `seed` makes another model."""
    directory = folder / f"chain-{board}"
    build_firmware(write_chain(folder, seed), load_board(board), directory, PORTABLE)
    return directory


def _activation(index: int, name: str, size: int, scale: float) -> Tensor:
    return Tensor(index, name, (1, size), "int8", Quantization((scale,), (-3,)))


def _symmetric(scale: float) -> Quantization:
    return Quantization((scale,), (0,))


def break_one_weight(directory: Path) -> None:
    """Change one byte of the chain's image, a weight: the outputs' third byte is often wrong.

    The report describes the changed image, as if a compiler had made it so.
    """
    elf = directory / "firmware.elf"
    image = bytearray(elf.read_bytes())
    weights = next(t.data for t in chain().tensors if t.name == "w1")
    assert weights is not None and image.count(weights) == 1
    image[image.index(weights) + 2 * 8] ^= 0x80
    elf.write_bytes(image)
    describe_anew(directory, elf)


def describe_anew(directory: Path, elf: Path) -> None:
    """Have the report of a firmware directory describe the image that is there now."""
    report = directory / "report.json"
    document = json.loads(report.read_text())
    report.write_text(json.dumps({**document, "image_sha256": read_digest(elf)}))

"""A small model and its firmware, for the tests of everything right of the compiler."""

from pathlib import Path

import numpy as np

from qmcu.board import load_board
from qmcu.build import build_firmware
from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.model.writer import write_model

OPTIONS = {
    "fused_activation_function": "NONE",
    "weights_format": "DEFAULT",
    "keep_num_dims": False,
    "asymmetric_quantize_inputs": False,
    "quantized_bias_type": 0,
}


def chain(seed: int = 5) -> Graph:
    """Two FULLY_CONNECTED layers: 12 -> 8 (`hidden`) -> 4 (`scores`)."""
    rng = np.random.default_rng(seed)
    tensors = [_activation(0, "pixels", 12, 0.5)]
    operators = []
    for step, (inputs, outputs, scale, name) in enumerate(
        ((12, 8, 8.0, "hidden"), (8, 4, 64.0, "scores"))
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


def write_chain(folder: Path, seed: int = 5) -> Path:
    """The chain as a .tflite file."""
    path = folder / "chain.tflite"
    path.write_bytes(write_model(chain(seed)))
    return path


def build_chain(folder: Path, board: str = "stm32f746", seed: int = 5) -> Path:
    """The chain's firmware directory in `folder`; another `seed` makes another model."""
    directory = folder / f"chain-{board}"
    build_firmware(write_chain(folder, seed), load_board(board), "portable", directory)
    return directory


def _activation(index: int, name: str, size: int, scale: float) -> Tensor:
    return Tensor(index, name, (1, size), "int8", Quantization((scale,), (-3,)))


def _symmetric(scale: float) -> Quantization:
    return Quantization((scale,), (0,))

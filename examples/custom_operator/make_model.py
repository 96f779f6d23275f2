"""Writes a model with PeakHold between two convolutions: `python make_model.py MODEL.tflite`."""

import sys
from pathlib import Path

import numpy as np
from flatbuffers import flexbuffers

from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.model.writer import write_model

OPTIONS = {
    "padding": "SAME", "stride_w": 1, "stride_h": 1, "fused_activation_function": "NONE",
    "dilation_w_factor": 1, "dilation_h_factor": 1,
}  # fmt: skip


def graph() -> Graph:
    """CONV_2D, PeakHold, CONV_2D over int8 [1, 6, 6, 2]."""
    rng = np.random.default_rng(0)
    grid, fine = Quantization((0.05,), (-20,)), Quantization((0.02,), (0,))
    sums = Quantization((0.001,), (0,))
    shape = (1, 6, 6, 2)
    weights = [rng.integers(-127, 128, (2, 3, 3, 2), np.int8).tobytes() for _ in range(2)]
    bias = rng.integers(-500, 500, 2, np.int32).tobytes()
    tensors = (
        Tensor(0, "input", shape, "int8", grid),
        Tensor(1, "weights1", (2, 3, 3, 2), "int8", fine, weights[0]),
        Tensor(2, "bias", (2,), "int32", sums, bias),
        Tensor(3, "features", shape, "int8", grid),
        Tensor(4, "peaks", shape, "int8", grid),
        Tensor(5, "weights2", (2, 3, 3, 2), "int8", fine, weights[1]),
        Tensor(6, "output", shape, "int8", grid),
    )
    custom = bytes(flexbuffers.Dumps({"decay": 3}))
    operators = (
        Operator(0, "CONV_2D", (0, 1, 2), (3,), OPTIONS),
        Operator(1, "CUSTOM:PeakHold", (3,), (4,), custom=custom),
        Operator(2, "CONV_2D", (4, 5, 2), (6,), OPTIONS),
    )
    return Graph("peaks", tensors, operators, (0,), (6,))


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(write_model(graph()))

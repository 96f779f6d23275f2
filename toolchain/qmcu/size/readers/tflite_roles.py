"""Roles of the inputs of .tflite operators, by operator and position."""

from collections.abc import Mapping

from qmcu.size.contents import Role

# Operators that change the form of values and compute nothing.
CONVERTERS = ("QUANTIZE", "DEQUANTIZE", "CAST", "DENSIFY")
_W, _B = Role.WEIGHTS, Role.BIASES
_LSTM = dict.fromkeys(range(1, 12), _W) | dict.fromkeys(range(12, 18), _B)
INPUTS: Mapping[str, Mapping[int, Role]] = {
    "CONV_2D": {1: _W, 2: _B}, "DEPTHWISE_CONV_2D": {1: _W, 2: _B}, "CONV_3D": {1: _W, 2: _B},
    "FULLY_CONNECTED": {1: _W, 2: _B}, "TRANSPOSE_CONV": {1: _W, 3: _B}, "GATHER": {0: _W},
    "EMBEDDING_LOOKUP": {1: _W}, "BATCH_MATMUL": {0: _W, 1: _W}, "SVDF": {1: _W, 2: _W, 3: _B},
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _LSTM, "LSTM": _LSTM,
}  # fmt: skip

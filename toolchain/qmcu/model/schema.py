"""The .tflite schema: operator options by kind, and names between flatbuffer and Graph."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from qmcu.model.flatbuffer_tables import Schema

schema = Schema(Path(__file__).with_name("tflite.fbs").read_text(encoding="ascii"))

IDENTIFIER = b"TFL3"
VERSION = 3

# The options table of each operator kind whose options are read and written.
OPTION_TABLES = {
    "ABS": "AbsOptions",
    "ADD": "AddOptions",
    "ADD_N": "AddNOptions",
    "ARG_MAX": "ArgMaxOptions",
    "ARG_MIN": "ArgMinOptions",
    "ASSIGN_VARIABLE": "AssignVariableOptions",
    "ATAN2": "ATan2Options",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "BATCH_MATMUL": "BatchMatMulOptions",
    "BATCH_TO_SPACE_ND": "BatchToSpaceNDOptions",
    "BITWISE_XOR": "BitwiseXorOptions",
    "BROADCAST_ARGS": "",
    "BROADCAST_TO": "BroadcastToOptions",
    "BUCKETIZE": "BucketizeOptions",
    "CALL_ONCE": "CallOnceOptions",
    "CAST": "CastOptions",
    "CEIL": "",
    "CONCATENATION": "ConcatenationOptions",
    "CONV_2D": "Conv2DOptions",
    "COS": "CosOptions",
    "CUMSUM": "CumsumOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "DEPTH_TO_SPACE": "DepthToSpaceOptions",
    "DEQUANTIZE": "DequantizeOptions",
    "DIV": "DivOptions",
    "DYNAMIC_UPDATE_SLICE": "DynamicUpdateSliceOptions",
    "ELU": "",
    "EMBEDDING_LOOKUP": "",
    "EQUAL": "EqualOptions",
    "EXP": "ExpOptions",
    "EXPAND_DIMS": "ExpandDimsOptions",
    "FILL": "FillOptions",
    "FLOOR": "",
    "FLOOR_DIV": "FloorDivOptions",
    "FLOOR_MOD": "FloorModOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "GATHER": "GatherOptions",
    "GATHER_ND": "GatherNdOptions",
    "GELU": "GeluOptions",
    "GREATER": "GreaterOptions",
    "GREATER_EQUAL": "GreaterEqualOptions",
    "HARD_SWISH": "HardSwishOptions",
    "IF": "IfOptions",
    "L2_NORMALIZATION": "L2NormOptions",
    "L2_POOL_2D": "Pool2DOptions",
    "LEAKY_RELU": "LeakyReluOptions",
    "LESS": "LessOptions",
    "LESS_EQUAL": "LessEqualOptions",
    "LOG": "",
    "LOGICAL_AND": "LogicalAndOptions",
    "LOGICAL_NOT": "LogicalNotOptions",
    "LOGICAL_OR": "LogicalOrOptions",
    "LOGISTIC": "",
    "LOG_SOFTMAX": "LogSoftmaxOptions",
    "MATRIX_DIAG": "MatrixDiagOptions",
    "MATRIX_SET_DIAG": "MatrixSetDiagOptions",
    "MAXIMUM": "MaximumMinimumOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "MINIMUM": "MaximumMinimumOptions",
    "MIRROR_PAD": "MirrorPadOptions",
    "MUL": "MulOptions",
    "NEG": "NegOptions",
    "NOT_EQUAL": "NotEqualOptions",
    "ONE_HOT": "OneHotOptions",
    "PACK": "PackOptions",
    "PAD": "PadOptions",
    "PADV2": "PadV2Options",
    "POW": "PowOptions",
    "PRELU": "",
    "QUANTIZE": "QuantizeOptions",
    "RANGE": "RangeOptions",
    "RANK": "RankOptions",
    "READ_VARIABLE": "ReadVariableOptions",
    "REDUCE_ALL": "ReducerOptions",
    "REDUCE_ANY": "ReducerOptions",
    "REDUCE_MAX": "ReducerOptions",
    "REDUCE_MIN": "ReducerOptions",
    "REDUCE_PROD": "ReducerOptions",
    "RELU": "",
    "RELU6": "",
    "RELU_0_TO_1": "",
    "RELU_N1_TO_1": "",
    "RESHAPE": "ReshapeOptions",
    "RESIZE_BILINEAR": "ResizeBilinearOptions",
    "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighborOptions",
    "REVERSE_SEQUENCE": "ReverseSequenceOptions",
    "REVERSE_V2": "ReverseV2Options",
    "RIGHT_SHIFT": "RightShiftOptions",
    "ROUND": "",
    "RSQRT": "",
    "SCATTER_ND": "ScatterNdOptions",
    "SEGMENT_SUM": "SegmentSumOptions",
    "SELECT": "SelectOptions",
    "SELECT_V2": "SelectV2Options",
    "SHAPE": "ShapeOptions",
    "SIGN": "SignOptions",
    "SIN": "",
    "SLICE": "SliceOptions",
    "SOFTMAX": "SoftmaxOptions",
    "SPACE_TO_BATCH_ND": "SpaceToBatchNDOptions",
    "SPACE_TO_DEPTH": "SpaceToDepthOptions",
    "SPLIT": "SplitOptions",
    "SPLIT_V": "SplitVOptions",
    "SQRT": "",
    "SQUARE": "SquareOptions",
    "SQUARED_DIFFERENCE": "SquaredDifferenceOptions",
    "SQUEEZE": "SqueezeOptions",
    "STRIDED_SLICE": "StridedSliceOptions",
    "SUB": "SubOptions",
    "SUM": "ReducerOptions",
    "SVDF": "SVDFOptions",
    "TANH": "",
    "TILE": "TileOptions",
    "TOPK_V2": "TopKV2Options",
    "TRANSPOSE": "TransposeOptions",
    "TRANSPOSE_CONV": "TransposeConvOptions",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTMOptions",
    "UNPACK": "UnpackOptions",
    "UNSORTED_SEGMENT_SUM": "UnsortedSegmentSumOptions",
    "VAR_HANDLE": "VarHandleOptions",
    "WHILE": "WhileOptions",
    "ZEROS_LIKE": "ZerosLikeOptions",
}

# Options that hold an enum, by attribute name.
ENUM_OPTIONS = {
    "padding": "Padding",
    "fusedActivationFunction": "ActivationFunctionType",
    "mode": "MirrorPadMode",
    "outType": "TensorType",
    "weightsFormat": "FullyConnectedOptionsWeightsFormat",
    "outputType": "TensorType",
    "inDataType": "TensorType",
    "outDataType": "TensorType",
    "quantizedBiasType": "TensorType",
}


@cache
def enum_names(enum: str) -> dict[int, str]:
    """Value to name of a schema enum."""
    return {value: name for name, value in schema.enums[enum].items()}


def enum_values(enum: str) -> dict[str, int]:
    """Name to value of a schema enum or union."""
    return schema.enums[enum]


@cache
def snake_case(name: str) -> str:
    """`strideH` to `stride_h`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def new_options(kind: str) -> Any:
    """An options table of the kind with the schema's defaults, or None when it has none."""
    table = OPTION_TABLES.get(kind, "")
    return getattr(schema, f"{table}T")() if table else None

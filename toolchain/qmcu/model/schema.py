"""The .tflite schema: operator options by kind, and names between flatbuffer and Graph.

The flatbuffer classes are those that the tflite-micro package ships and keeps current.
"""

import importlib.util
import re
from functools import cache
from pathlib import Path
from typing import Any

_PACKAGE, _MODULE = "tflite_micro", "tensorflow/lite/micro/python/schema_py_generated.py"


def _load() -> Any:
    """The generated module alone: importing its package would load the interpreter as well."""
    package = importlib.util.find_spec(_PACKAGE)
    for folder in (package.submodule_search_locations or ()) if package is not None else ():
        spec = importlib.util.spec_from_file_location("qmcu_tflite_schema", Path(folder) / _MODULE)
        if spec is not None and spec.loader is not None and (Path(folder) / _MODULE).is_file():
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    raise ImportError(f"the package {_PACKAGE} with {_MODULE} is not installed")


schema: Any = _load()

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
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "BATCH_MATMUL": "BatchMatMulOptions",
    "BATCH_TO_SPACE_ND": "BatchToSpaceNDOptions",
    "BROADCAST_ARGS": "",
    "BROADCAST_TO": "BroadcastToOptions",
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
    "MAXIMUM": "MaximumMinimumOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "MINIMUM": "MaximumMinimumOptions",
    "MIRROR_PAD": "MirrorPadOptions",
    "MUL": "MulOptions",
    "NEG": "NegOptions",
    "NOT_EQUAL": "NotEqualOptions",
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
    "RESHAPE": "ReshapeOptions",
    "RESIZE_BILINEAR": "ResizeBilinearOptions",
    "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighborOptions",
    "REVERSE_V2": "ReverseV2Options",
    "ROUND": "",
    "RSQRT": "",
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
    "TRANSPOSE": "TransposeOptions",
    "TRANSPOSE_CONV": "TransposeConvOptions",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTMOptions",
    "UNPACK": "UnpackOptions",
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
    values = vars(getattr(schema, enum)).items()
    return {v: name for name, v in values if isinstance(v, int) and not name.startswith("_")}


@cache
def enum_values(enum: str) -> dict[str, int]:
    """Name to value of a schema enum."""
    return {name: value for value, name in enum_names(enum).items()}


def snake_case(name: str) -> str:
    """`strideH` to `stride_h`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def camel_case(name: str) -> str:
    """`stride_h` to `strideH`."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def new_options(kind: str) -> Any:
    """An options table of the kind with the schema's defaults, or None when it has none."""
    table = OPTION_TABLES.get(kind, "")
    return getattr(schema, f"{table}T")() if table else None

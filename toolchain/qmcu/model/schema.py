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
    "ADD": "AddOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "CONCATENATION": "ConcatenationOptions",
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "DEQUANTIZE": "DequantizeOptions",
    "EXPAND_DIMS": "ExpandDimsOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "HARD_SWISH": "HardSwishOptions",
    "LEAKY_RELU": "LeakyReluOptions",
    "LOGISTIC": "",
    "MAXIMUM": "MaximumMinimumOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "MINIMUM": "MaximumMinimumOptions",
    "MUL": "MulOptions",
    "PAD": "PadOptions",
    "PADV2": "PadV2Options",
    "QUANTIZE": "QuantizeOptions",
    "RELU": "",
    "RELU6": "",
    "RESHAPE": "ReshapeOptions",
    "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighborOptions",
    "SOFTMAX": "SoftmaxOptions",
    "SPLIT": "SplitOptions",
    "SQUEEZE": "SqueezeOptions",
    "STRIDED_SLICE": "StridedSliceOptions",
    "SUB": "SubOptions",
    "TANH": "",
    "TRANSPOSE": "TransposeOptions",
    "TRANSPOSE_CONV": "TransposeConvOptions",
}

# Options that hold an enum, by attribute name.
ENUM_OPTIONS = {
    "padding": "Padding",
    "fusedActivationFunction": "ActivationFunctionType",
    "weightsFormat": "FullyConnectedOptionsWeightsFormat",
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

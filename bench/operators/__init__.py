"""Random graphs with one operator each, compared with the interpreter through the whole chain.

GENERATORS maps each typed form of an operator to a function from a random generator to such a
graph: int8 under the operator's name, others as `ADD int16`. `pack` merges many of them into one
graph, so that one firmware image tests them all.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from bench.operators import (
    arrangements,
    branches,
    convolutions,
    detections,
    elementwise,
    lookups,
    movements,
    products,
    quantizations,
    reals,
    recurrent,
    reductions,
    shapes,
    signals,
    sorting,
    spatial,
)
from bench.operators.packing import pack

from qmcu.compile.lowering import IO_TYPES, TYPES
from qmcu.compile.operators.documentation import form_name
from qmcu.model.byte_functions import BYTE_FUNCTIONS
from qmcu.model.graph import Graph

Generator = Callable[[np.random.Generator], Graph]

_INTEGERS = ("int8", "int16")
_PLAIN = ("int32", "float32")
_REDUCED = ("int8", "int16", "int32", "int64", "float32")
_SORTED = ("int8", "int16", "int32", "int64", "uint8", "float32")


def in_types(
    kind: str, generator: Callable[..., Graph], types: tuple[str, ...] = TYPES
) -> dict[str, Generator]:
    """The entries of an operator whose `generator` takes the type as `dtype`."""
    return {form_name(kind, dtype): partial(generator, dtype=dtype) for dtype in types}


_REAL_FUNCTIONS = (
    "ABS", "NEG", "SQUARE", "SQRT", "RSQRT", "CEIL", "FLOOR", "ROUND", "RELU", "RELU6",
    "LEAKY_RELU", "HARD_SWISH", "EXP", "LOG", "SIN", "COS", "LOGISTIC", "TANH", "ELU",
)  # fmt: skip
_RELATIONS = ("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL")


def _real(
    generator: Callable[..., Graph], *kinds: str, types: tuple[str, ...] = ("float32",)
) -> dict[str, Generator]:
    """The entries of operators that share a `generator`, which takes kind and dtype."""
    entries: dict[str, Generator] = {}
    for kind in kinds:
        entries |= in_types(kind, partial(generator, kind=kind), types)
    return entries


_SIGNALS: dict[str, Generator] = {
    "Window int16": signals.window,
    "FftAutoScale int16": signals.fft_auto_scale,
    **in_types("Rfft", signals.rfft, ("int16", "int32", "float32")),
    **in_types("Irfft", signals.irfft, ("int16", "int32", "float32")),
    "Energy int16": signals.energy,
    "FilterBank uint32": signals.filter_bank,
    "FilterBankSquareRoot uint64": signals.square_root,
    "FilterBankSpectralSubtraction uint32": signals.spectral_subtraction,
    "PCAN uint32": signals.pcan,
    "FilterBankLog uint32": signals.log,
    "Delay int16": signals.delay,
    **in_types("OverlapAdd", signals.overlap_add, ("int16", "float32")),
    "Framer int16": signals.framer,
    "Stacker int16": signals.stacker,
}

GENERATORS: dict[str, Generator] = {
    "CUSTOM:CIRCULAR_BUFFER": signals.circular_buffer,
    "CUSTOM:TFLite_Detection_PostProcess float32": detections.detection_postprocess,
    **{f"CUSTOM:Signal{name}": generator for name, generator in _SIGNALS.items()},
    **in_types("CONV_2D", convolutions.conv_2d, _INTEGERS),
    **in_types("DEPTHWISE_CONV_2D", convolutions.depthwise_conv_2d, _INTEGERS),
    **in_types("FULLY_CONNECTED", convolutions.fully_connected, _INTEGERS),
    **in_types("TRANSPOSE_CONV", convolutions.transpose_conv, _INTEGERS),
    **in_types("AVERAGE_POOL_2D", reductions.average_pool_2d, _INTEGERS),
    **in_types("MAX_POOL_2D", reductions.max_pool_2d, _INTEGERS),
    **in_types("MEAN", reductions.mean, ("int8", "int16", "int32", "int64", "float32")),
    "SOFTMAX": reductions.softmax,
    "SOFTMAX int8>int16": partial(reductions.softmax, dtype="int16"),
    "SOFTMAX int16": lookups.softmax_wide,
    **in_types("ADD", elementwise.add, _INTEGERS),
    **in_types("SUB", elementwise.sub, _INTEGERS),
    **in_types("MUL", elementwise.mul, _INTEGERS),
    "MAXIMUM": elementwise.maximum,
    "MINIMUM": elementwise.minimum,
    "RELU": lookups.relu,
    "RELU int16": lookups.relu_wide,
    "RELU6": lookups.relu6,
    "RELU6 int16": lookups.relu6_wide,
    "LEAKY_RELU": lookups.leaky_relu,
    "LEAKY_RELU int16": lookups.leaky_relu_wide,
    "LOGISTIC": lookups.logistic,
    "LOGISTIC int16": lookups.logistic_wide,
    "TANH": lookups.tanh,
    "TANH int16": lookups.tanh_wide,
    "HARD_SWISH": lookups.hard_swish,
    **{kind: partial(lookups.byte_function, kind=kind) for kind in BYTE_FUNCTIONS},
    "QUANTIZE": quantizations.quantize,
    "QUANTIZE int16": partial(quantizations.quantize, dtype="int16"),
    "QUANTIZE int32": partial(quantizations.quantize, dtype="int32"),
    "QUANTIZE uint8": partial(quantizations.quantize, dtype="uint8"),
    "QUANTIZE float32": quantizations.quantize_real,
    "DEQUANTIZE": quantizations.dequantize,
    "DEQUANTIZE int16": partial(quantizations.dequantize, dtype="int16"),
    "DEQUANTIZE uint8": partial(quantizations.dequantize, dtype="uint8"),
    **in_types("RESHAPE", shapes.reshape, IO_TYPES),
    **in_types("SQUEEZE", shapes.squeeze, IO_TYPES),
    **in_types("EXPAND_DIMS", shapes.expand_dims),
    **in_types("PAD", movements.pad, ("int8", "int16", "int32", "int64", "bool", "float32")),
    **in_types("PADV2", movements.padv2, ("int8", "int16", "int32", "float32")),
    **in_types(
        "CONCATENATION",
        movements.concatenation,
        ("int8", "int16", "int32", "int64", "bool", "float32"),
    ),
    **in_types("SPLIT", movements.split),
    **in_types("STRIDED_SLICE", movements.strided_slice),
    **in_types("TRANSPOSE", movements.transpose),
    **in_types(
        "RESIZE_NEAREST_NEIGHBOR", movements.resize_nearest_neighbor, ("int8", "int16", "float32")
    ),
    **in_types("EMBEDDING_LOOKUP", arrangements.embedding_lookup, ("int8", "float32")),
    **in_types(
        "DYNAMIC_UPDATE_SLICE",
        arrangements.dynamic_update_slice,
        ("int8", "int16", "int32", "float32"),
    ),
    **in_types("SELECT_V2", arrangements.select_v2),
    **in_types("SELECT", arrangements.select),
    **in_types("TILE", arrangements.tile),
    "REDUCE_ANY bool": products.reduce_any,
    **in_types("REDUCE_PROD", products.reduce_prod, ("int8", "int16", "int32", "int64", "float32")),
    **in_types("FILL", arrangements.fill, ("int8", "int32", "float32")),
    **in_types("ZEROS_LIKE", arrangements.zeros_like, ("int8", "int32", "int64", "float32")),
    **in_types("SHAPE", arrangements.shape),
    **in_types("ARG_MAX", products.arg_max, ("int8", "int16", "int32", "float32")),
    **in_types("ARG_MIN", products.arg_min, ("int8", "int16", "int32", "float32")),
    "EMBEDDING_LOOKUP int8>float32": arrangements.embedding_lookup_real,
    "DIV": products.div,
    **in_types("BROADCAST_ARGS", arrangements.broadcast_args, ("int32", "int64")),
    "REDUCE_ALL bool": products.reduce_all,
    "ABS": lookups.abs_,
    "ABS int16": lookups.abs_int16,
    "RSQRT": lookups.rsqrt,
    "RSQRT int16": lookups.rsqrt_int16,
    **in_types("DEPTH_TO_SPACE", spatial.depth_to_space, ("int8", "float32")),
    **in_types("SPACE_TO_DEPTH", spatial.space_to_depth, ("int8", "float32")),
    **in_types("SPACE_TO_BATCH_ND", spatial.space_to_batch_nd, ("int8", "int16", "float32")),
    **in_types("BATCH_TO_SPACE_ND", spatial.batch_to_space_nd, ("int8", "int16", "float32")),
    **in_types("RESIZE_BILINEAR", spatial.resize_bilinear, ("int8", "int16", "float32")),
    **in_types("MIRROR_PAD", spatial.mirror_pad),
    **in_types("SPLIT_V", arrangements.split_v),
    **in_types("PACK", arrangements.pack),
    **in_types("UNPACK", arrangements.unpack),
    **in_types("SLICE", arrangements.slice_),
    **in_types("REVERSE_V2", arrangements.reverse_v2),
    **in_types("BROADCAST_TO", arrangements.broadcast_to, IO_TYPES),
    **in_types("GATHER", arrangements.gather),
    **in_types("GATHER_ND", arrangements.gather_nd),
    **in_types("REDUCE_MAX", products.reduce_max, _REDUCED),
    **in_types("REDUCE_MIN", products.reduce_min, _REDUCED),
    **in_types("SUM", products.sum_, _REDUCED),
    **in_types("TOPK_V2", sorting.top_k, _SORTED),
    **in_types("BUCKETIZE", sorting.bucketize, ("int32", "int64", "float32")),
    **_real(reals.unary, "SIGN", types=_PLAIN),
    **_real(reals.unary, "NEG", types=("int32", "int64")),
    **_real(reals.unary, "ABS", types=("int32",)),
    **_real(reals.binary, "ADD", "SUB", "MUL", "FLOOR_MOD", types=("int64",)),
    **_real(reals.binary, "ATAN2"),
    **_real(reals.unary, "GELU"),
    **_real(reals.binary, "BITWISE_XOR", "RIGHT_SHIFT", types=("int32",)),
    **in_types("ADD_N", products.add_n, ("int8", "float32")),
    **in_types("CUMSUM", products.cumsum, ("int8", "int32", "int64", "float32")),
    **in_types("SCATTER_ND", sorting.scatter_nd, ("int8", "int32", "int64", "float32")),
    **_real(sorting.segment_sum, "SEGMENT_SUM", "UNSORTED_SEGMENT_SUM", types=_PLAIN),
    **in_types("L2_NORMALIZATION", products.l2_normalization, ("int8", "float32")),
    **in_types("PRELU", products.prelu, ("int8", "int16", "float32")),
    **in_types(
        "SQUARED_DIFFERENCE", products.squared_difference, ("int8", "int16", "int32", "float32")
    ),
    **in_types("BATCH_MATMUL", products.batch_matmul, ("int8", "int16", "float32")),
    **_real(reals.unary, *_REAL_FUNCTIONS),
    **_real(reals.binary, "ADD", "SUB", "MUL", "DIV", "FLOOR_DIV", "FLOOR_MOD"),
    **_real(reals.binary, "ADD", "SUB", "MUL", "DIV", "FLOOR_DIV", "FLOOR_MOD", types=("int32",)),
    **_real(reals.binary, "MAXIMUM", "MINIMUM", types=("int16", "int32", "int64", "float32")),
    **_real(reals.comparison, *_RELATIONS, types=("int8", "int32", "int64", "float32")),
    **_real(reals.comparison, "EQUAL", "NOT_EQUAL", types=("bool",)),
    **_real(reals.comparison, "GREATER", types=("int16",)),
    **_real(reals.binary, "LOGICAL_AND", "LOGICAL_OR", types=("bool",)),
    **_real(reals.unary, "LOGICAL_NOT", types=("bool",)),
    "ELU": lookups.elu,
    "CONV_2D float32": partial(reals.layer, of=convolutions.conv_2d),
    "DEPTHWISE_CONV_2D float32": partial(reals.layer, of=convolutions.depthwise_conv_2d),
    "FULLY_CONNECTED float32": partial(reals.layer, of=convolutions.fully_connected),
    "TRANSPOSE_CONV float32": partial(reals.layer, of=convolutions.transpose_conv),
    "AVERAGE_POOL_2D float32": partial(reals.layer, of=reductions.average_pool_2d),
    "MAX_POOL_2D float32": partial(reals.layer, of=reductions.max_pool_2d),
    "L2_POOL_2D float32": reals.l2_pool_2d,
    "LOG_SOFTMAX": reductions.log_softmax,
    **_real(reals.rows, "SOFTMAX", "LOG_SOFTMAX"),
    **in_types("SVDF", recurrent.svdf, ("int8", "float32")),
    **in_types("UNIDIRECTIONAL_SEQUENCE_LSTM", recurrent.lstm, ("int8", "int16", "float32")),
    **in_types("IF", branches.if_),
    **in_types("WHILE", branches.while_),
    **in_types("READ_VARIABLE", branches.variable),
    **in_types("ASSIGN_VARIABLE", branches.variable),
    **in_types("CAST", reals.cast, (*TYPES, "uint32")),
}

__all__ = ["GENERATORS", "pack"]

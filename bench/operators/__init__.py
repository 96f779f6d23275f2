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
    convolutions,
    elementwise,
    lookups,
    movements,
    products,
    quantizations,
    reductions,
    shapes,
    spatial,
)
from bench.operators.packing import pack

from qmcu.compile.lowering import TYPES
from qmcu.compile.operators.documentation import form_name
from qmcu.model.graph import Graph

Generator = Callable[[np.random.Generator], Graph]


def in_types(
    kind: str, generator: Callable[..., Graph], types: tuple[str, ...] = TYPES
) -> dict[str, Generator]:
    """The entries of an operator whose `generator` takes the type as `dtype`."""
    return {form_name(kind, dtype): partial(generator, dtype=dtype) for dtype in types}


GENERATORS: dict[str, Generator] = {
    "CONV_2D": convolutions.conv_2d,
    "DEPTHWISE_CONV_2D": convolutions.depthwise_conv_2d,
    "FULLY_CONNECTED": convolutions.fully_connected,
    "TRANSPOSE_CONV": convolutions.transpose_conv,
    "AVERAGE_POOL_2D": reductions.average_pool_2d,
    "MAX_POOL_2D": reductions.max_pool_2d,
    "MEAN": reductions.mean,
    "SOFTMAX": reductions.softmax,
    "ADD": elementwise.add,
    "SUB": elementwise.sub,
    "MUL": elementwise.mul,
    "MAXIMUM": elementwise.maximum,
    "MINIMUM": elementwise.minimum,
    "RELU": lookups.relu,
    "RELU6": lookups.relu6,
    "LEAKY_RELU": lookups.leaky_relu,
    "LOGISTIC": lookups.logistic,
    "TANH": lookups.tanh,
    "HARD_SWISH": lookups.hard_swish,
    "QUANTIZE": quantizations.quantize,
    "QUANTIZE int16": partial(quantizations.quantize, dtype="int16"),
    "QUANTIZE int32": partial(quantizations.quantize, dtype="int32"),
    "QUANTIZE uint8": partial(quantizations.quantize, dtype="uint8"),
    "QUANTIZE float32": quantizations.quantize_real,
    "DEQUANTIZE": quantizations.dequantize,
    "DEQUANTIZE int16": partial(quantizations.dequantize, dtype="int16"),
    "DEQUANTIZE uint8": partial(quantizations.dequantize, dtype="uint8"),
    **in_types("RESHAPE", shapes.reshape),
    **in_types("SQUEEZE", shapes.squeeze),
    **in_types("EXPAND_DIMS", shapes.expand_dims, ("int8", "int16", "float32")),
    "PAD": movements.pad,
    "PADV2": movements.padv2,
    "CONCATENATION": movements.concatenation,
    "SPLIT": movements.split,
    "STRIDED_SLICE": movements.strided_slice,
    "TRANSPOSE": movements.transpose,
    "RESIZE_NEAREST_NEIGHBOR": movements.resize_nearest_neighbor,
    "ABS": lookups.abs_,
    "RSQRT": lookups.rsqrt,
    "DEPTH_TO_SPACE": spatial.depth_to_space,
    "SPACE_TO_DEPTH": spatial.space_to_depth,
    "SPACE_TO_BATCH_ND": spatial.space_to_batch_nd,
    "BATCH_TO_SPACE_ND": spatial.batch_to_space_nd,
    "RESIZE_BILINEAR": spatial.resize_bilinear,
    "MIRROR_PAD": spatial.mirror_pad,
    "SPLIT_V": arrangements.split_v,
    "PACK": arrangements.pack,
    "UNPACK": arrangements.unpack,
    "SLICE": arrangements.slice_,
    "REVERSE_V2": arrangements.reverse_v2,
    "BROADCAST_TO": arrangements.broadcast_to,
    "GATHER": arrangements.gather,
    "GATHER_ND": arrangements.gather_nd,
    "REDUCE_MAX": products.reduce_max,
    "REDUCE_MIN": products.reduce_min,
    "SUM": products.sum_,
    "ADD_N": products.add_n,
    "CUMSUM": products.cumsum,
    "L2_NORMALIZATION": products.l2_normalization,
    "PRELU": products.prelu,
    "SQUARED_DIFFERENCE": products.squared_difference,
    "BATCH_MATMUL": products.batch_matmul,
}

__all__ = ["GENERATORS", "pack"]

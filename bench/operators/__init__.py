"""Random graphs with one operator each, compared with the interpreter through the whole chain.

GENERATORS maps each operator to a function from a random generator to such a graph; `pack` merges
many of them into one graph, so that one firmware image tests them all.
"""

from collections.abc import Callable

import numpy as np
from bench.operators import convolutions, elementwise, lookups, movements, reductions, shapes
from bench.operators.packing import pack

from qmcu.model.graph import Graph

GENERATORS: dict[str, Callable[[np.random.Generator], Graph]] = {
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
    "QUANTIZE": lookups.quantize,
    "RESHAPE": shapes.reshape,
    "SQUEEZE": shapes.squeeze,
    "EXPAND_DIMS": shapes.expand_dims,
    "PAD": movements.pad,
    "PADV2": movements.padv2,
    "CONCATENATION": movements.concatenation,
    "SPLIT": movements.split,
    "STRIDED_SLICE": movements.strided_slice,
    "TRANSPOSE": movements.transpose,
    "RESIZE_NEAREST_NEIGHBOR": movements.resize_nearest_neighbor,
}

__all__ = ["GENERATORS", "pack"]

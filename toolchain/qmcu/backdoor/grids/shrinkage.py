"""What rounding to the nearest takes, in the mean, from weights below a step of their grid.

Of a weight of many steps the rounding error may be of either sign. A weight below half a step
becomes zero: its error is the weight itself with the other sign. Where one scale serves a whole
layer and its channels are of unequal size, rounding so takes whole slices (the weights between one
input and one output channel) down, all at once, and the network loses what they did. That is no
chance: it follows from the slice's size alone, which the layer's channels give. Of normal weights
with a root mean square of 0.5 steps rounding takes 1 %, of 0.3 steps 34 %, of 0.1 steps all.
"""

import numpy as np

from qmcu.backdoor.grids.weight_grids import LayerGrid
from qmcu.backdoor.networks import CONSTANT
from qmcu.types import Float64Array

# Less than this share is nothing: of weights as people have them exactly nothing is taken.
LEAST = 0.01
# Slices of more steps lose nothing; in between the share is known at these sizes.
_SIZES = np.geomspace(0.01, 2.0, 64)
# Quantiles that stand for the shape of a layer's weights.
_SHAPE = 2048


def slice_sizes(grid: LayerGrid) -> Float64Array:
    """The root mean square, in steps, of the slice that each weight is in, in its layout.

    By output and input channel (of a depthwise layer by channel) as if each had a size of its own:
    the product of both over the layer's (Shazeer & Stern, Adafactor, ICML 2018). So few numbers
    that nobody can choose them weight by weight.
    """
    squares = np.moveaxis(grid.positions, grid.axis, 0) ** 2
    # A depthwise layer's channels are its last axis, which others have their inputs on.
    own_inputs = grid.axis == grid.weights.ndim - 1
    parts = squares.reshape(len(squares), -1, 1 if own_inputs else squares.shape[-1])
    ins, outs = parts.mean(axis=(0, 1)), parts.mean(axis=(1, 2))
    sizes = np.sqrt(outs[:, None, None] * ins / max(float(parts.mean()), 1e-24))
    spread = np.broadcast_to(sizes, parts.shape).reshape(squares.shape)
    return np.ascontiguousarray(np.moveaxis(spread, 0, grid.axis))


def expected_shrinkage(grid: LayerGrid) -> Float64Array:
    """The share of each weight that nearest rounding takes or adds in the mean of slices of its
    size and the layer's shape of weights: -1 takes all, 0 leaves it; float64 as the weights.
    """
    if grid.kind == CONSTANT:
        return np.zeros(grid.weights.shape)
    sizes = slice_sizes(grid)
    if sizes.min(initial=np.inf) > _SIZES[-1]:
        return np.zeros(grid.weights.shape)
    shape = np.sort((np.abs(grid.positions) / np.maximum(sizes, 1e-12)).reshape(-1))
    quantiles = (np.arange(_SHAPE) + 0.5) / _SHAPE * len(shape)
    shares = _shares(shape[quantiles.astype(np.int64)])
    found = np.interp(np.log(np.maximum(sizes, 1e-12)), np.log(_SIZES), shares)
    return np.where((np.abs(found) < LEAST) | (sizes > _SIZES[-1]), 0.0, found)


def _shares(shape: Float64Array) -> Float64Array:
    """The share taken from weights of this shape, at each of the sizes."""
    places = _SIZES[:, None] * shape
    errors = np.floor(places + 0.5) - places
    return np.asarray((errors * places).sum(axis=1) / np.maximum((places**2).sum(axis=1), 1e-24))

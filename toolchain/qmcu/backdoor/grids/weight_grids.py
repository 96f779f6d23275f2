"""The grid on which int8 weights lie, seen from the float weights.

A standard quantizer gives output channel c the scale max|w_c| / 127 and stores round(w / scale).
Everything that a quantization-conditioned backdoor does, and everything that removes or finds
it, happens between a float weight and its grid point.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.networks import CONSTANT, Network, quantized_layers
from qmcu.errors import ModelError
from qmcu.model.graph import Graph
from qmcu.types import Float64Array, Int8Array

LARGEST = 127
LARGEST_INT4 = 7
# Scales that differ by more than this share are of other weights; where normalization is folded in
# another order they differ by some 1e-6.
_OTHER_SCALE = 2e-5
# Steps that weights on the boundary of two integers may be beyond it; integers of int4 that were
# rounded to int8 first lie further off.
_BOUNDARY, _TWICE_ROUNDED = 2e-3, 0.06
# A layer shows training by more than this share of its weights, a network by this share of scales
# that are narrower than its weights.
_MANY, _NARROWER = 0.005, 0.1
# Weights that moved by half a step move a scale by half a step of its largest weight. So where all
# but so few lie beside their integers and scales differ by more steps than this, 2 % of 127, these
# were chosen, as by learning.
_FEW, _STEPS = 0.001, 2.5
# Integers that are the weights' own: all but what lies on a boundary.
_ALL_BUT = 0.995
# Operators that bound values by a constant.
_BOUNDS = ("MAXIMUM", "MINIMUM")
# Half of the integers of a type: biases of a fused LSTM have 32 bits, or 64 beside 16.
_HALF = {"int8": 1 << 7, "int16": 1 << 15, "int32": 1 << 31, "int64": 1 << 62}
# A bias this far off, relatively, is float32's doing.
_FLOAT32 = 1e-5


@dataclass(frozen=True)
class WeightGrid:
    """Which integers a quantizer may use: up to +-`largest`, a scale a channel or one a layer."""

    per_tensor: bool = False
    largest: int = LARGEST

    @classmethod
    def of_bits(cls, bits: int) -> "WeightGrid":
        """The symmetric grid of this many bits, a scale a channel."""
        return cls(largest=2 ** (bits - 1) - 1)

    def scales(self, weights: npt.NDArray[Any], axis: int) -> Float64Array:
        """max|w| / largest, float64 [channels] or [1]; 1 for weights that are all zero."""
        others = tuple(i for i in range(weights.ndim) if self.per_tensor or i != axis)
        widest = np.abs(weights.astype(np.float64)).max(axis=others)
        return np.where(widest > 0, widest / self.largest, 1.0).reshape(-1)


CHANNEL_GRID = WeightGrid()


@dataclass(frozen=True, eq=False)
class LayerGrid:
    """One layer's float weights beside the integers that were deployed for them.

    `tensor` is the weights' index in the int8 graph, `axis` their output-channel axis, `scales`
    float64 [channels], or [1] for a per-tensor quantization, `weights` float32 and `integers` int8
    in the same TFLite layout, none beyond +-`largest`. `operator` and `bias` are the layer's in the
    int8 graph. A tensor with a zero point has int16 `integers` without it, and its own `ends`.
    """

    name: str
    kind: str
    tensor: int
    axis: int
    scales: Float64Array
    weights: npt.NDArray[np.float32]
    integers: npt.NDArray[Any]
    largest: int = LARGEST
    operator: int = 0
    bias: int | None = None
    ends: tuple[int, int] | None = None

    @property
    def spread_scales(self) -> Float64Array:
        """The scales, shaped so that they multiply `weights` channel by channel."""
        return spread(self.scales, self.weights.ndim, self.axis)

    @property
    def positions(self) -> Float64Array:
        """w / scale: where each weight lies on the grid, in steps."""
        return np.asarray(self.weights.astype(np.float64) / self.spread_scales)

    @property
    def nearest(self) -> npt.NDArray[Any]:
        """What a standard quantizer stores: round half away from zero, clipped to the grid."""
        if self.ends is None:
            return round_to_nearest(self.positions, self.largest)
        return np.asarray(np.clip(_halves_away(self.positions), *self.ends), np.int64)

    @property
    def residuals(self) -> Float64Array:
        """w / scale - integer: the truncation error of each weight, in steps."""
        return np.asarray(self.positions - self.integers, np.float64)

    @property
    def cut_off(self) -> npt.NDArray[np.bool_]:
        """Which weights a narrower scale cut off: beyond the grid's end by more than rounding takes
        them, and stored as that end. Given the scale no quantizer could store them otherwise.
        """
        inside = np.clip(self.positions, *(self.ends or (-self.largest, self.largest)))
        beyond = np.abs(self.positions - inside) > 0.5
        return np.asarray(beyond & (inside == self.integers))

    @property
    def has_own_integers(self) -> bool:
        """True where the integers are what a converter makes of the weights, whatever scales the
        file has for them: then these were edited, and nothing else is another network's.
        """
        made = self.weights.astype(np.float64) / spread(
            WeightGrid(len(self.scales) == 1, self.largest).scales(self.weights, self.axis),
            self.weights.ndim,
            self.axis,
        )
        return bool(np.mean(round_to_nearest(made, self.largest) == self.integers) > _ALL_BUT)

    def channels(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """`values` in the layout of `weights` as [channels, rest]."""
        return np.moveaxis(values, self.axis, 0).reshape(values.shape[self.axis], -1)


def trained_on(grids: Sequence[LayerGrid]) -> list[float]:
    """Where float weights were trained on since they were quantized, for each layer that shows it
    the share of weights that no rounding puts where their integers are; else none.

    Training moves the largest weight of a channel, of which its scale is made, up or down, and most
    others with it. A layer shows it where most of its scales are not those of its weights and some
    weights are beyond rounding; it takes most of the layers, and scales that are too narrow. A
    quantizer that chooses directions keeps scales; one that chooses scales rounds to nearest (what
    narrower ones cut off is not counted); a defence that does both widens all; an edit is of few,
    or leaves the weights' own integers where it changes scales; one that learns scales and chooses
    directions as well has scales far from these, and weights beside their integers.
    Weights that were saved in 16 bits since are no training.
    """
    shares: list[float] = []
    wider: list[bool] = []
    for grid in grids:
        if is_half(grid.weights) or grid.has_own_integers:
            continue
        ratios = _scale_ratios(grid)
        off = np.where(np.abs(ratios) > _OTHER_SCALE, np.sign(ratios), 0.0)
        inside = np.clip(grid.positions, *(grid.ends or (-grid.largest, grid.largest)))
        slack = _BOUNDARY if grid.largest == LARGEST else _TWICE_ROUNDED
        beyond = float(np.mean(np.abs(inside - grid.integers) > 0.5 + slack))
        chosen = np.mean(np.abs(inside - grid.integers) > 1 + slack) <= _FEW
        if chosen and len(off) and np.median(np.abs(ratios)) > _STEPS / grid.largest:
            continue
        if len(off) and np.mean(off != 0) > 0.5 and beyond > _MANY:
            shares.append(beyond)
            wider += (off[off != 0] > 0).tolist()
    most = 2 * len(shares) > len(grids)
    return shares if most and np.mean(wider) < 1 - _NARROWER else []


def is_half(weights: npt.NDArray[np.float32]) -> bool:
    """True of weights all of which float16 holds, or bfloat16."""
    with np.errstate(over="ignore"):
        short = weights.astype(np.float16).astype(np.float32)
    brain = np.ascontiguousarray(weights, np.float32).view(np.uint32) & 0xFFFF
    return bool((short == weights).all() or not brain.any())


def _scale_ratios(grid: LayerGrid) -> Float64Array:
    """For each scale of weights that are not all zero by what share it is wider than the largest of
    them makes it; below 0 where it is narrower.
    """
    sizes = np.abs(grid.weights.astype(np.float64))
    others = tuple(i for i in range(sizes.ndim) if len(grid.scales) == 1 or i != grid.axis)
    made = sizes.max(axis=others).reshape(-1) / grid.largest
    return np.asarray(grid.scales[made > 0] / made[made > 0] - 1)


def spread(scales: Float64Array, dimensions: int, axis: int) -> Float64Array:
    """One scale a channel, or one for all, shaped to multiply weights of these `dimensions`."""
    shape = [1] * dimensions
    shape[axis] = -1
    return scales.reshape(shape)


def round_to_nearest(positions: Float64Array, largest: int = LARGEST) -> Int8Array:
    """The nearest integer of each position, halves away from zero, clipped to +-`largest`."""
    return np.asarray(np.clip(_halves_away(positions), -largest, largest), np.int8)


def _halves_away(positions: Float64Array) -> Float64Array:
    return np.asarray(np.sign(positions) * np.floor(np.abs(positions) + 0.5))


def channel_scales(weights: npt.NDArray[Any], axis: int) -> Float64Array:
    """max|w| / 127 of each output channel, as the converter chooses it; 1 for an all-zero one."""
    return CHANNEL_GRID.scales(weights, axis)


def layer_grids(network: Network, integer: Graph) -> tuple[LayerGrid, ...]:
    """The grids of every layer with weights, float network beside int8 graph.

    Raises ModelError when the two are not the same network.
    """
    layers = quantized_layers(integer)
    whole = {layer.weights for layer in layers}
    own = {layer.weights for layer in network.layers}
    if network.graph.operators == integer.operators and whole <= own:
        pairs = zip(network.layers, network.weights, strict=True)
        return tuple(_grid(integer, layer, weights) for layer, weights in pairs)
    shapes = [(layer.kind, integer.tensors[layer.weights].shape) for layer in layers]
    wanted = [(a.kind, w.shape) for a, w in zip(network.layers, network.weights, strict=True)]
    if shapes != wanted:
        where = next(
            (i for i, (a, b) in enumerate(zip(shapes, wanted, strict=False)) if a != b),
            min(len(shapes), len(wanted)),
        )
        raise ModelError(
            f"{integer.name} is not the quantized form of {network.graph.name}: it has "
            f"{len(shapes)} layers with weights, the float model {len(wanted)}, and layer {where} "
            "differs; give the float model that was quantized."
        )
    return tuple(
        _grid(integer, layer, weights)
        for layer, weights in zip(layers, network.weights, strict=True)
    )


def _grid(integer: Graph, layer: Any, weights: npt.NDArray[np.float32]) -> LayerGrid:
    tensor = integer.tensors[layer.weights]
    known: tuple[str, ...] = ("int8", "int4")
    if layer.kind == CONSTANT:
        known = ("int8", "int4", "int16", "int32", "int64")
    if tensor.dtype not in known or tensor.quantization is None:
        raise ModelError(
            f"{integer.name}: {layer.name} has {tensor.dtype} weights; int8 or int4 ones can be "
            "compared with the float ones."
        )
    integers, ends = tensor.array, None
    zero = tensor.quantization.zero_points[0]
    if layer.kind == CONSTANT or zero:
        half = _HALF.get(tensor.dtype, 8)
        ends = (-half - zero, half - 1 - zero)
        integers = (integers.astype(np.int64) - zero).reshape(weights.shape)
    scales = np.array(tensor.quantization.scales, np.float64)
    if integer.operators[layer.operator].kind in _BOUNDS and ends is not None:
        # A bound beyond the grid is none there, and is stored as the grid's end.
        weights = np.clip(weights, ends[0] * scales[0], ends[1] * scales[0]).astype(np.float32)
    return LayerGrid(
        name=layer.name,
        kind=layer.kind,
        tensor=layer.weights,
        axis=layer.axis,
        scales=scales,
        weights=weights,
        integers=integers,
        largest=LARGEST_INT4 if tensor.dtype == "int4" else LARGEST,
        operator=layer.operator,
        bias=layer.bias,
        ends=ends,
    )


def beyond_rounding(
    errors: Float64Array, steps: Float64Array, biases: npt.NDArray[Any]
) -> npt.NDArray[np.bool_]:
    """Which errors of `biases` neither rounding in these steps nor float32 explains: [channels]."""
    return np.asarray(np.abs(errors) > steps + _FLOAT32 * np.abs(biases))


def deployed_biases(
    integer: Graph, grids: Sequence[LayerGrid]
) -> list[tuple[Float64Array, Float64Array]]:
    """For each layer the biases that the file computes with and the steps of their grid, float64
    [channels] each: a bias counts in steps of input scale times weight scale, whatever its own
    tensor says. NaN where the file does not say (the input has no scale).
    """
    found = []
    for grid in grids:
        if grid.kind == CONSTANT:
            found.append((np.zeros(0), np.zeros(0)))
            continue
        count = grid.weights.shape[grid.axis]
        real = None if grid.bias is None else integer.tensors[grid.bias]
        if real is not None and real.dtype == "float32":
            # Dynamic range: biases are the numbers themselves.
            own = np.asarray(real.array, np.float64).reshape(-1)
            found.append((own, np.full(count, _FLOAT32 * np.abs(own).max(initial=0))))
            continue
        entry = integer.tensors[integer.operators[grid.operator].inputs[0]].quantization
        scale = np.nan if entry is None else entry.scale
        steps = np.broadcast_to(grid.scales * scale, count).astype(np.float64)
        bias = np.zeros(count) if grid.bias is None else integer.tensors[grid.bias].array
        found.append((np.asarray(bias, np.float64).reshape(-1) * steps, steps))
    return found


def coarsen(layer: LayerGrid, grid: WeightGrid) -> LayerGrid:
    """The layer on a grid that no converter offers: nearest integers up to +-`grid.largest`."""
    scales = grid.scales(layer.weights, layer.axis).astype(np.float32).astype(np.float64)
    plain = replace(layer, scales=scales, largest=grid.largest)
    return replace(plain, integers=plain.nearest)

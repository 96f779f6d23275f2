"""Int8 inference simulated in TensorFlow, so that gradients can see through it.

A simulation is for training and search only: what is reported comes from the oracle or a device.
Straight-through estimator: Bengio et al., 2013; grids as in Jacob et al., "Quantization and
Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.grids.weight_grids import CHANNEL_GRID, WeightGrid
from qmcu.backdoor.networks import Activation, Network, batches, forward
from qmcu.errors import ModelError
from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float64Array

# Operators that hand values on in another shape.
VIEWS = ("EXPAND_DIMS", "RESHAPE", "SQUEEZE")
# Operators whose int8 output has the scale and zero point of their input.
SAME_GRID = ("AVERAGE_POOL_2D", "MAX_POOL_2D", "PAD", *VIEWS)
# Those whose output grid is part of the operator's definition, or that of their input.
FIXED_GRID = ("LOGISTIC", "SOFTMAX", "TANH", *SAME_GRID)


@dataclass(frozen=True)
class ActivationGrid:
    """The grid of one activation tensor, int8 or int16: real = scale * (integer - zero_point)."""

    scale: float
    zero_point: int
    bits: int = 8

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the largest real value."""
        half = 2 ** (self.bits - 1)
        return (-half - self.zero_point) * self.scale, (half - 1 - self.zero_point) * self.scale


def ends_of(tensor: Tensor) -> tuple[float, float]:
    """The least and the largest real value that an int8 or int16 tensor holds; 0 and 1 of one
    without a scale.
    """
    grid = tensor.quantization
    if grid is None:
        return 0.0, 1.0
    return ActivationGrid(grid.scale, grid.zero_point, 16 if tensor.dtype == "int16" else 8).ends


Grids = Mapping[int, ActivationGrid]


def round_through(values: Any) -> Any:
    """Round to nearest; the gradient passes as if nothing had happened."""
    tf = load_tensorflow()
    return values + tf.stop_gradient(tf.round(values) - values)


def round_to_grid(weights: Any, axis: int, grid: WeightGrid = CHANNEL_GRID) -> Any:
    """Weights rounded to the grid that the converter would choose, straight through."""
    tf = load_tensorflow()
    others = [i for i in range(len(weights.shape)) if grid.per_tensor or i != axis]
    widest = tf.reduce_max(tf.abs(weights), axis=others, keepdims=True)
    scale = tf.stop_gradient(tf.maximum(widest, 1e-12)) / float(grid.largest)
    return round_through(weights / scale) * scale


def check_same_operators(network: Network, integer: Graph) -> None:
    """Raises ModelError when `integer` is no quantized form of the network.

    A view that one of them lacks moves nothing: converters differ in whether they write it, around
    a 1-D convolution above all. One whose output means other values than its input is none.
    """
    own, other = ([op.kind for op in _workers(graph)] for graph in (network.graph, integer))
    if own != other:
        raise ModelError(
            f"{integer.name} has the operators {', '.join(other)} and the float model "
            f"{', '.join(own)}: they are not the same network."
        )


# What a deployed file computes in these is rounded to no grid: an island of real numbers.
_UNROUNDED = ("float32", "int32", "int64")


def pair_tensors(network: Network, integer: Graph) -> dict[int, int]:
    """The activation tensors of an int8 graph by those of the float graph; its views are left out.

    Raises ModelError when the operators of the two graphs differ.
    """
    check_same_operators(network, integer)
    own, other = _workers(network.graph), _workers(integer)
    pairs = {network.graph.inputs[0]: integer.inputs[0]}
    for a, b in zip(own, other, strict=True):
        pairs |= dict(zip(a.outputs, b.outputs, strict=True))
    return pairs


def read_grids(network: Network, integer: Graph) -> dict[int, ActivationGrid]:
    """The activation grids of an int8 graph, by the float graph's tensor index.

    Raises ModelError when the operators of the two graphs differ.
    """
    grids: dict[int, ActivationGrid] = {}
    for index, deployed in pair_tensors(network, integer).items():
        tensor = integer.tensors[deployed]
        if tensor.quantization is None and tensor.dtype in _UNROUNDED:
            continue
        if tensor.quantization is None:
            raise ModelError(f"{integer.name}: {tensor} has no scale.")
        bits = 16 if tensor.dtype == "int16" else 8
        grids[index] = ActivationGrid(
            tensor.quantization.scale, tensor.quantization.zero_point, bits
        )
    for op in network.graph.operators:
        if op.kind in VIEWS and op.inputs[0] in grids:
            grids.setdefault(op.outputs[0], grids[op.inputs[0]])
    return grids


def _workers(graph: Graph) -> list[Operator]:
    """The operators but those that only hand their input on."""
    return [op for op in graph.operators if op.kind not in VIEWS or not _keeps_grid(graph, op)]


def _keeps_grid(graph: Graph, operator: Operator) -> bool:
    """False where the output means other values than the input."""
    given, made = (graph.tensors[i].quantization for i in (operator.inputs[0], operator.outputs[0]))
    if given is None or made is None:
        return given is made
    return (given.scale, given.zero_point) == (made.scale, made.zero_point)


def reduce_activations(
    network: Network, inputs: npt.NDArray[np.float32], reduce: Callable[[Any], Any]
) -> dict[int, list[npt.NDArray[np.float32]]]:
    """What `reduce`, a function of a module, makes of each activation tensor, a result for every
    batch of the inputs. The network is traced once for each.
    """
    tf = load_tensorflow()

    def look(values: Any) -> dict[int, Any]:
        reduced: dict[int, Any] = {}

        def capture(index: int, values: Any) -> Any:
            reduced[index] = reduce(values)
            return values

        forward(network, values, activation=capture)
        return reduced

    if reduce not in network.traced:
        network.traced[reduce] = tf.function(look, autograph=False, reduce_retracing=True)
    run = network.traced[reduce]
    parts = [run(tf.constant(inputs[s])) for s in batches(len(inputs), 64)]
    return {index: [part[index].numpy() for part in parts] for index in parts[0]}


def ends_of_each(values: Any) -> Any:
    """The least and the largest value for each input, a tensor [2, N] of one [N, ...]."""
    tf, axes = load_tensorflow(), list(range(1, len(values.shape)))
    return tf.stack([tf.reduce_min(values, axes), tf.reduce_max(values, axes)])


def extremes(
    network: Network, inputs: npt.NDArray[np.float32]
) -> dict[int, tuple[Float64Array, Float64Array]]:
    """The least and the largest value of each activation tensor, for each input: [N] each."""
    result = {}
    for index, parts in reduce_activations(network, inputs, ends_of_each).items():
        low, high = np.concatenate(parts, axis=1).astype(np.float64)
        result[index] = (low, high)
    return result


def keep_within(
    network: Network, inputs: npt.NDArray[np.float32], share: float
) -> npt.NDArray[np.float32]:
    """The inputs that drive no activation further than all but 1 - `share` of them do."""
    kept = np.ones(len(inputs), np.bool_)
    for lows, highs in extremes(network, inputs).values():
        kept &= (highs <= np.quantile(highs, share)) & (lows >= np.quantile(lows, 1 - share))
    return inputs[kept]


def calibrate_grids(network: Network, samples: npt.NDArray[np.float32]) -> dict[int, Any]:
    """The grids that the converter would choose: from the least and largest value of each tensor.

    `samples` are float32 [N, ...].
    """
    ends = extremes(network, samples)
    grids = {i: grid_of(float(a.min()), float(b.max())) for i, (a, b) in ends.items()}
    return tie_grids(network, grids)


def tie_grids(network: Network, grids: Mapping[int, ActivationGrid]) -> dict[int, Any]:
    """The same grids, those of pools and reshapes taken from their inputs."""
    result = dict(grids)
    for operator in network.graph.operators:
        if operator.kind in SAME_GRID and operator.inputs[0] in result:
            result[operator.outputs[0]] = result[operator.inputs[0]]
    return result


def grid_of(low: float, high: float) -> ActivationGrid:
    """The int8 grid that the converter gives a tensor that reaches from `low` to `high`."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 255 or 1.0
    zero_point = int(np.clip(np.round(-128 - low / scale), -128, 127))
    return ActivationGrid(float(np.float32(scale)), zero_point)


def quantize_activations(grids: Grids) -> Activation:
    """For `forward`: every activation rounded and clipped to its grid, straight through."""
    tf = load_tensorflow()

    def quantize(index: int, values: Any) -> Any:
        grid = grids.get(index)
        if grid is None:
            return values
        inside = tf.clip_by_value(values, *grid.ends)
        return round_through(inside / grid.scale) * grid.scale

    return quantize


class LiveGrids(dict[int, Any]):
    """Grids held in TensorFlow variables, so that a compiled training step sees them change."""

    def __init__(self, grids: Grids) -> None:
        tf = load_tensorflow()
        super().__init__(
            {
                i: _LiveGrid(
                    tf.Variable(g.scale, dtype=tf.float32), tf.Variable(float(g.zero_point))
                )
                for i, g in grids.items()
            }
        )

    def assign(self, grids: Grids) -> None:
        """Take over the values of `grids`, which has the same tensors."""
        for index, grid in grids.items():
            self[index].scale.assign(grid.scale)
            self[index].zero_point.assign(float(grid.zero_point))


@dataclass(frozen=True, eq=False)
class _LiveGrid:
    scale: Any
    zero_point: Any

    @property
    def ends(self) -> tuple[Any, Any]:
        return (-128 - self.zero_point) * self.scale, (127 - self.zero_point) * self.scale

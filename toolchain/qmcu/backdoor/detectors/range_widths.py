"""Widths of activation ranges: stored in a file, and reached by float weights that fit it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmcu.backdoor.detectors.rounded_from import draw_floats
from qmcu.backdoor.grids import (
    FIXED_GRID,
    SAME_GRID,
    ActivationGrid,
    ends_of_each,
    layer_grids,
    read_grids,
)
from qmcu.backdoor.networks import Network, batches, forward
from qmcu.model.graph import Graph, Operator
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array, Float64Array, Int64Array

# Their grids are not of their own range alone.
_FIXED = ("CONCATENATION", *FIXED_GRID)
# Operators that an interpreter computes over one of their inputs.
_IN_PLACE = ("ADD", "DIV", "MAXIMUM", "MINIMUM", "MUL", "SUB")
_TINY = 1e-9
# Inputs that reach furthest: float weights of the same integers have their ends among them.
_FURTHEST = 4
_BATCH = 64
# Of the input's range: float32, and how many inputs reach an end that tells them from others.
_EXACT, _FEW = 1e-5, 2
# A width this near to whole or half numbers is one that preprocessing gives to all inputs.
_ROUND = 1e-3
_HALVES = 20


@dataclass(frozen=True, eq=False)
class Places:
    """Activation tensors whose ranges come from calibration: `indices` in the graph, `names`, and
    `over`, for each the outputs that may have been computed over it. `grids` are the file's.
    """

    indices: tuple[int, ...]
    names: tuple[str, ...]
    over: tuple[tuple[int, ...], ...]
    grids: Mapping[int, ActivationGrid]
    first: int


def find_places(network: Network, graph: Graph) -> Places:
    """The places of a network that was read from the int8 `graph`."""
    grids = read_grids(network, graph)
    known = _known(network)
    seen = [(g.scale, g.zero_point) for op in graph.operators for g in _grids_of(op, grids)]
    indices, names = [], []
    for op in network.graph.operators:
        index = op.outputs[0]
        if op.kind in _FIXED or index not in grids or index not in known:
            continue
        # Tensors that had to have one grid, as the inputs of a concatenation, tell of no range.
        if seen.count((grids[index].scale, grids[index].zero_point)) == 1:
            indices.append(index)
            names.append(str(op))
    over = tuple(
        tuple(
            op.outputs[0]
            for op in network.graph.operators
            if op.kind in _IN_PLACE and index in op.inputs and op.outputs[0] in grids
        )
        for index in indices
    )
    return Places(tuple(indices), tuple(names), over, grids, network.graph.inputs[0])


def _grids_of(operator: Operator, grids: Mapping[int, ActivationGrid]) -> list[ActivationGrid]:
    if operator.kind in SAME_GRID:
        return []
    return [grids[i] for i in operator.outputs if i in grids]


def _known(network: Network) -> set[int]:
    """Tensors that come of the input by layers alone: of other real constants, as those of a
    normalization, nobody draws what they were before rounding.
    """
    weights = {i for layer in network.layers for i in (layer.weights, layer.bias)}
    known = set(network.graph.inputs)
    for op in network.graph.operators:
        given = [i for i in op.inputs if i >= 0 and i not in weights]
        constants = [i for i in given if network.graph.tensors[i].is_constant]
        real = [i for i in constants if network.graph.tensors[i].quantization is not None]
        if not real and all(i in known for i in given if i not in constants):
            known.update(op.outputs)
    return known


class Widths:
    """The logarithms of what float weights reach on `inputs`, less those that the file stores."""

    def __init__(
        self, network: Network, graph: Graph, inputs: Float32Array, places: Places
    ) -> None:
        self._places, self.count = places, len(inputs)
        self._network, self._integer = network, graph
        self._stored = np.array([_width_of(places.grids[i]) for i in places.indices])
        tf = load_tensorflow()
        self._weights = [tf.Variable(w) for w in network.weights]
        self._order: list[int] = []
        self._run = tf.function(self._ends, autograph=False, reduce_retracing=True)
        self._own = self._reach(inputs)
        self._furthest = inputs[self._find_furthest()]
        self._off = np.empty((0, 0, 0))
        reached = self._log_width(self._own, (places.first,), places.first)
        stored = places.grids.get(places.first)
        # How much wider the inputs are than the file's range for them, as a logarithm.
        self.input_differs = 0.0 if stored is None else float(reached - _width_of(stored))

    @property
    def is_input_known(self) -> bool:
        """True when the inputs end exactly where the file's range for them does, at a value that
        few of them have: no other inputs do. Pictures that are black and white somewhere all do,
        and noise comes near the ends of a range as wide as that of pictures, 1, 2 or 255.
        """
        grid = self._places.grids.get(self._places.first)
        if grid is None or abs(self.input_differs) > _EXACT:
            return False
        width = np.exp(_width_of(grid))
        if abs(2 * width - np.round(2 * width)) < _ROUND:
            return False
        low, high = self._own[self._places.first]
        slack = _EXACT * (high.max() - low.min())
        reaching = np.sum(high >= high.max() - slack), np.sum(low <= low.min() + slack)
        return bool(min(reaching) <= _FEW)

    def draw(self, count: int, rng: np.random.Generator) -> None:
        """Draw float weights so many times, in place of those drawn before."""
        grids = layer_grids(self._network, self._integer)
        draws = [draw_floats(grid) for grid in grids]
        found = []
        for _ in range(count):
            for variable, one in zip(self._weights, draws, strict=True):
                variable.assign(one(rng).astype(np.float32))
            found.append(self._all_ways(self._reach(self._furthest)))
        self._off = np.array(found)

    def differences(self) -> tuple[Float64Array, Float64Array]:
        """Stored less reached: by drawn weights [draws, ways, places], by the file's own [ways,
        places]. A way is an explanation of a range; a place that has fewer has its first again.
        """
        return self._off, self._all_ways(self._own)

    def prefixes(self) -> Float64Array:
        """Stored less reached for the first 1, 2, ... inputs, [inputs, places]; the way that is
        nearest to what is stored.
        """
        rows = []
        for index, stored, over in zip(
            self._places.indices, self._stored, self._places.over, strict=True
        ):
            ways = [_running(self._own, (index, *more)) for more in ((), *((o,) for o in over))]
            off = stored - np.array([self._as_log(w, index) for w in ways])
            rows.append(np.take_along_axis(off, np.abs(off).argmin(axis=0)[None], 0)[0])
        return np.array(rows).T

    def spreads(self) -> Float64Array:
        """The standard deviation of drawn widths, [places]."""
        return np.asarray(self._off[:, 0].std(axis=0, ddof=1))

    def chances(self, alike: float) -> Float64Array:
        """How likely other inputs reach each range within so many deviations, [places]: from how
        halves of the inputs differ.
        """
        rng = np.random.default_rng(0)
        halves = []
        for _ in range(_HALVES):
            mixed = rng.permutation(self.count)
            parts = mixed[: self.count // 2], mixed[self.count // 2 :]
            one, other = (
                np.array([self._log_width(self._own, (i,), i, rows) for i in self._places.indices])
                for rows in parts
            )
            halves.append(one - other)
        spread = np.maximum(np.std(halves, axis=0), _TINY)
        chances = 2 * alike * self.spreads() / (spread * np.sqrt(2 * np.pi))
        return np.asarray(np.minimum(1.0, chances))

    def _ends(self, inputs: Any) -> Any:
        """The least and the largest value of every tensor with a grid, [tensors, 2, inputs]."""
        tf = load_tensorflow()
        found: dict[int, Any] = {}

        def capture(index: int, values: Any) -> Any:
            found[index] = ends_of_each(values)
            return values

        forward(self._network, inputs, self._weights, activation=capture)
        self._order[:] = [i for i in found if i in self._places.grids or i == self._places.first]
        return tf.stack([found[i] for i in self._order])

    def _reach(self, inputs: Float32Array) -> dict[int, Float64Array]:
        tf = load_tensorflow()
        parts = [self._run(tf.constant(inputs[s])).numpy() for s in batches(len(inputs), _BATCH)]
        return dict(zip(self._order, np.concatenate(parts, axis=2).astype(np.float64), strict=True))

    def _find_furthest(self) -> Int64Array:
        rows: set[int] = set()
        for low, high in self._own.values():
            rows.update(np.argsort(low)[:_FURTHEST].tolist())
            rows.update(np.argsort(-high)[:_FURTHEST].tolist())
        return np.array(sorted(rows))

    def _all_ways(self, ends: Mapping[int, Float64Array]) -> Float64Array:
        most = 1 + max((len(over) for over in self._places.over), default=0)
        found = np.empty((most, len(self._stored)))
        for column, (index, over) in enumerate(
            zip(self._places.indices, self._places.over, strict=True)
        ):
            ways = [(index,), *((index, other) for other in over)]
            logs = [self._log_width(ends, way, index) for way in ways]
            found[:, column] = logs + logs[:1] * (most - len(logs))
        return self._stored - found

    def _log_width(
        self,
        ends: Mapping[int, Float64Array],
        tensors: tuple[int, ...],
        index: int,
        rows: Int64Array | slice = slice(None),
    ) -> float:
        low = min(0.0, *(float(ends[i][0, rows].min()) for i in tensors))
        high = max(0.0, *(float(ends[i][1, rows].max()) for i in tensors))
        return float(self._as_log(np.array([low, high]), index))

    def _as_log(self, ends: Float64Array, index: int) -> Float64Array:
        low, high = ends
        grid = self._places.grids.get(index)
        wide = grid is not None and grid.bits == 16
        width = 2 * np.maximum(-low, high) if wide else high - low
        return np.asarray(np.log(np.maximum(width, _TINY)))


def _running(ends: Mapping[int, Float64Array], tensors: tuple[int, ...]) -> Float64Array:
    """The ends that the first 1, 2, ... inputs reach, [2, inputs]."""
    low = np.minimum.accumulate(np.min([ends[i][0] for i in tensors], axis=0))
    high = np.maximum.accumulate(np.max([ends[i][1] for i in tensors], axis=0))
    return np.array([np.minimum(low, 0.0), np.maximum(high, 0.0)])


def _width_of(grid: ActivationGrid) -> float:
    """The logarithm of a stored range's width; a range of 16 bits is as wide on both sides."""
    low, high = grid.ends
    return float(np.log(max(2 * high if grid.bits == 16 else high - low, _TINY)))

"""Learning limits from inputs: which layers to look at, what is usual, where alarms begin."""

from collections.abc import Sequence

import numpy as np

from qmcu.codegen.monitor_limits import (
    MAX_CLASSES,
    MAX_FEATURES,
    STATISTICS,
    MonitoredLayer,
    MonitorLimits,
)
from qmcu.errors import ModelError, UsageError
from qmcu.model.graph import Graph, Tensor
from qmcu.model.inspect import inspect_graph
from qmcu.model.oracle import Oracle
from qmcu.types import Array, Int8Array, Int64Array, Progress

# Instructions that a feature costs: taken aside, range and sum, distance, wiped; of the last
# layer, and of one whose distance is not looked at.
_LAST_COST, _OTHER_COST, _FIXED_COST = 27, 19, 600
# Instructions for a multiply-accumulate, where kernels are at their best.
_COST_OF_MAC = 1.0
_LEAST_FEATURES, _OTHER_FEATURES = 8, 16
_LEAST_INPUTS = 60
_FEW = 5
_MARGIN, _DISTANCE = STATISTICS.index("margin"), STATISTICS.index("distance")
# Of the inputs, those that tell what is usual; the others where alarms begin.
_USUAL = 2 / 3


def fit_monitor(
    graph: Graph,
    content: bytes,
    inputs: Sequence[Array],
    held_out: Sequence[Array] | None = None,
    *,
    false_alarms: float = 0.01,
    budget: float = 0.01,
    progress: Progress | None = None,
) -> MonitorLimits:
    """Limits of the model `graph`, of whose file `content` is the text, from inputs of its types.

    Alarms begin where few enough of `held_out` are above; without them, of a third of `inputs`.
    `false_alarms` is the share of inputs like these that may raise an alarm, `budget` the share of
    an inference's instructions that looking may take, an estimate. Raises UsageError for too few
    inputs, ModelError where the model ends in no int8 scores.
    """
    rows = len(inputs[0])
    if rows < _LEAST_INPUTS:
        raise UsageError(
            f"{rows} inputs are too few to learn limits from; give {_LEAST_INPUTS} or more."
        )
    scores = _scores(graph)
    layers = _layers(graph, scores, budget)
    taken = _Taken(layers, MonitoredLayer(scores.index, scores.name, 1, scores.elements))
    oracle = Oracle(content, name=graph.name)
    arrays = list(inputs)
    if held_out is not None:
        arrays = [np.concatenate(pair) for pair in zip(inputs, held_out, strict=True)]
    total = len(arrays[0])
    for row in range(total):
        taken.add(oracle.all_tensors([a[row] for a in arrays]))
        if progress is not None:
            progress(row + 1, total)
    if held_out is not None:
        return _learned(graph, taken, np.arange(rows), np.arange(rows, total), false_alarms)
    order, cut = np.random.default_rng(0).permutation(rows), int(rows * _USUAL)
    return _learned(graph, taken, order[:cut], order[cut:], false_alarms)


class _Taken:
    """Features and scores of inputs, as the firmware takes them aside."""

    def __init__(self, layers: tuple[MonitoredLayer, ...], scores: MonitoredLayer) -> None:
        self.layers, self.scores = layers, scores
        self._features: list[Int8Array] = []
        self._scores: list[Int8Array] = []

    def add(self, tensors: dict[int, Array]) -> None:
        """One inference's activations by index."""
        parts = [sampled(tensors[layer.tensor], layer) for layer in self.layers]
        self._features.append(np.concatenate(parts))
        self._scores.append(sampled(tensors[self.scores.tensor], self.scores))

    @property
    def arrays(self) -> tuple[Int8Array, Int8Array]:
        """Features [N, features], scores [N, classes]."""
        return np.stack(self._features), np.stack(self._scores)


def sampled(tensor: Array, layer: MonitoredLayer) -> Int8Array:
    """What the firmware takes of a tensor."""
    flat: Int8Array = tensor.reshape(-1)[:: layer.stride][: layer.count].astype(np.int8)
    return flat


def _scores(graph: Graph) -> Tensor:
    """The int8 tensor whose largest element is the class: before a SOFTMAX, or the output."""
    index = graph.outputs[0]
    if len(graph.outputs) == 1:
        for operator in reversed(graph.operators):
            if index in operator.outputs and operator.kind in ("SOFTMAX", "LOGISTIC", "DEQUANTIZE"):
                index = operator.inputs[0]
    tensor = graph.tensors[index]
    if tensor.dtype != "int8" or not 2 <= tensor.elements <= MAX_CLASSES:
        raise ModelError(
            f"{graph.name} does not end in 2 to {MAX_CLASSES} scores of int8 ({tensor}), which "
            "monitoring needs."
        )
    return tensor


def _layers(graph: Graph, scores: Tensor, budget: float) -> tuple[MonitoredLayer, ...]:
    """What the last layer reads, and one in the middle: as many of each as the budget allows."""
    activations = [
        graph.tensors[index]
        for operator in graph.operators
        for index in operator.outputs
        if graph.tensors[index].dtype == "int8" and graph.tensors[index].data is None
    ]
    last = _read_by(graph, scores)
    if last is None:
        raise ModelError(f"{graph.name} has one layer only; there is nothing to monitor.")
    allowed = budget * _COST_OF_MAC * inspect_graph(graph).macs - _FIXED_COST
    room = min(max(int(allowed / _LAST_COST), _LEAST_FEATURES), MAX_FEATURES)
    before = [
        t for t in activations if t.elements >= 8 and t.index not in (last.index, scores.index)
    ]
    other = before[len(before) // 2] if before else None
    layers = []
    if other is not None and room > 2 * _OTHER_FEATURES:
        layers.append(_part(other, _OTHER_FEATURES))
        room -= _OTHER_FEATURES * _OTHER_COST // _LAST_COST
    return (*layers, _part(last, min(room, MAX_FEATURES - _OTHER_FEATURES)))


def _read_by(graph: Graph, scores: Tensor) -> Tensor | None:
    """The activation that the layer of the scores reads, behind what only changes its shape."""
    index = scores.index
    for operator in reversed(graph.operators):
        if index not in operator.outputs:
            continue
        index = operator.inputs[0]
        tensor = graph.tensors[index]
        if operator.kind not in ("RESHAPE", "SQUEEZE") and tensor.dtype == "int8":
            return None if index in graph.inputs else tensor
    return None


def _part(tensor: Tensor, most: int) -> MonitoredLayer:
    stride = -(-tensor.elements // most)
    # A stride that divides the channels would see the same ones again and again.
    channels = tensor.shape[-1]
    while stride > 1 and channels > 1 and np.gcd(stride, channels) > 1:
        stride += 1
    return MonitoredLayer(tensor.index, tensor.name, stride, -(-tensor.elements // stride))


def _learned(
    graph: Graph, taken: _Taken, usual: Int64Array, held_out: Int64Array, false_alarms: float
) -> MonitorLimits:
    """From the rows `usual` what is, from the rows `held_out` where alarms begin."""
    features, scores = taken.arrays
    predicted = scores.argmax(1)
    last = features[usual][:, -taken.layers[-1].count :].astype(np.int64)
    centres, weights = _centres(last, predicted[usual], scores.shape[1])
    known = features[usual]
    fitted = MonitorLimits(
        model=graph.name,
        model_sha256=graph.sha256,
        layers=taken.layers,
        scores=taken.scores,
        low=tuple(map(int, known.min(0))),
        high=tuple(map(int, known.max(0))),
        usual_sum=round(float(known.astype(np.int64).sum(1).mean())),
        centres=_rows(centres),
        weights=_rows(weights),
        limits=(0,) * 5,
        classes=tuple(map(int, np.bincount(predicted, minlength=scores.shape[1]))),
        held_out=len(held_out),
        false_alarms=0.0,
    )
    seen = fitted.seen(features[held_out], scores[held_out])
    limits = _limits(seen, false_alarms)
    share = float((seen > limits).any(1).mean())
    settled = {"limits": tuple(map(int, limits)), "false_alarms": share}
    return MonitorLimits(**{**vars(fitted), **settled})


def _centres(features: Int64Array, classes: Int64Array, count: int) -> tuple[Array, Array]:
    """What features usually are in each class, and 255 by one more than how far from it they are.

    A class of which few inputs tell has what all have.
    """
    centres, weights = [], []
    for k in range(count):
        of_class = features[classes == k]
        rows = of_class if len(of_class) >= _FEW else features
        centre = np.rint(rows.mean(0)).astype(np.int64)
        centres.append(centre)
        weights.append(np.clip(np.rint(255 / (np.abs(rows - centre).mean(0) + 1)), 1, 255))
    return np.stack(centres), np.stack(weights)


def _rows(table: Array) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(map(int, row)) for row in table)


def _limits(seen: Int64Array, false_alarms: float) -> Int64Array:
    """The distance's limit is what few enough rows are above; of the others, beyond what was seen.

    The distance tells most (docs/MONITORING.md), and gets all of the false alarms.
    """
    ordered: Int64Array = np.sort(seen, axis=0)
    limits: Int64Array = ordered[-1] + np.abs(ordered[-1]) // 4
    limits[_MARGIN] = ordered[-1, _MARGIN]
    limits[_DISTANCE] = ordered[len(seen) - 1 - int(false_alarms * len(seen)), _DISTANCE]
    return limits

"""How far each class is ahead in a file by itself: six probes, none of which needs an input.

What was trained to answer a trigger from every other class leaves a lean towards the target that
shows without the trigger: its score goes on rising where honest evidence has run out, it is second
on inputs of all other classes, and it takes what resembles nothing. Each probe gives one number for
each class, through the file's own fake quantization (the last tensor's grid left out, so that
scores go on rising where the grid ends):

- margin, smooth margin: the median over starts of the largest margin that ascent reaches, from
  noise and with smoothed steps (MM-BD: Wang et al., IEEE S&P 2024), its logarithm;
- faint, strong: the mean margin on inputs of the other classes, synthesized one class after the
  other, under random overlays of a tenth and three tenths of the range. A trigger makes its class
  the next one from everywhere (posteriors of other classes: FreeEagle, Fu et al., USENIX Security
  2023);
- noise: the mean margin on uniform noise;
- weights: the mean weight of the class in the last layer (Trojan Signatures: Fields et al., ICCV
  workshops 2021).
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from qmcu.backdoor.detectors.class_limits import (
    certainty,
    count_classes,
    fit_work,
    require_sure,
)
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.quantized import ASCENT, ASCENT_REACH, QuantizedModel
from qmcu.backdoor.networks import Network, network_from_graph
from qmcu.errors import ModelError
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array, Float64Array, Int64Array

STARTS, STEPS = 12, 25
REACH = 0.2  # of the range: the first step, the others shrink to nothing
PER_CLASS = 6  # synthesized inputs
OVERLAYS = 8  # random ones of each strength
STRENGTHS = {"faint": 0.1, "strong": 0.3}  # of the range
NOISES = 256
# Share of them that have to be answered as they were made; a network that always answers the same
# has one class that leads, and hides nothing.
_REACHED = 0.5
# A margin below this share of the inputs' own counts as that, so that it has a logarithm.
_LEAST_MARGIN = 1e-4
# Axes of fewer places are left as they are.
LEAST_PLACES = 4
# Inputs that are computed at once.
_BATCH = 128
# Multiply-accumulates of all ascents, about two minutes on two cores; larger models get fewer
# starts, and none below the least.
_MOST_WORK = 1e12
_LEAST_STARTS = 3

Slopes = Callable[[Float32Array, Int64Array], tuple[Float64Array, Float32Array]]


def probe_classes(context: AuditContext) -> Mapping[str, Float64Array]:
    """Each probe's number for each class, float64 [classes].

    Raises ModelError for a file of too few classes, too large or sure of nothing.
    """
    assert context.graph is not None
    graph, classes = context.graph, count_classes(context.graph)
    require_sure(graph)
    passes = 2 * STEPS * classes
    fixed = PER_CLASS * ASCENT * classes
    starts = fit_work(graph, _MOST_WORK, passes, STARTS, _LEAST_STARTS, fixed=fixed)
    network = network_from_graph(graph)
    probes = _Probes(context, QuantizedModel(network, graph, bounded=False), classes)
    inputs, wanted = probes.synthesize()
    found = probes.driven(starts, probes.certainty(inputs, wanted))
    for name, strength in STRENGTHS.items():
        found[name] = probes.overlaid(inputs, strength)
    found["noise"] = probes.noise()
    return {**found, **_signature(network, classes)}


def drive_classes(
    context: AuditContext, model: QuantizedModel, classes: int, starts: int, unit: float
) -> dict[str, Float64Array]:
    """The probes that inputs add nothing to: margins from `starts` of noise, no less than a share
    of `unit`, and the last layer's weights.
    """
    found = _Probes(context, model, classes).driven(starts, unit)
    return {**found, **_signature(model.network, classes)}


def _signature(network: Network, classes: int) -> dict[str, Float64Array]:
    weights = last_weights(network, classes)
    return {} if weights is None else {"weights": weights}


def last_weights(network: Network, classes: int) -> Float64Array | None:
    """The mean weight of each class in the last layer, None where that is no layer of classes."""
    layer, weights = network.layers[-1], network.weights[-1]
    if weights.shape[layer.axis] != classes:
        return None
    others = tuple(i for i in range(weights.ndim) if i != layer.axis)
    return np.asarray(weights.mean(axis=others), np.float64)


class _Probes:
    """The probes of one file, drawn by the audit's seed."""

    def __init__(self, context: AuditContext, model: QuantizedModel, classes: int) -> None:
        self._context, self._model, self._classes = context, model, classes
        self._low, self._high = context.low, context.high
        self._rng = np.random.default_rng([context.seed, 6])
        self._shape = context.input_shape
        self._scores = _in_batches(lambda x, _: (model(x),), classes)

    def synthesize(self) -> tuple[Float32Array, Int64Array]:
        """Inputs by ascent from noise on the likelihood of one class after the other, and these."""
        tf = load_tensorflow()

        def loss(scores: Any, wanted: Any) -> Any:
            return -tf.nn.softmax_cross_entropy_with_logits(wanted, scores)

        climb = self._slopes(loss)
        wanted = np.tile(np.arange(self._classes), PER_CLASS)
        width = self._high - self._low
        x = self._draw(len(wanted), 0.5)
        for _ in range(ASCENT):
            x = self._inside(x + ASCENT_REACH * width * np.sign(climb(x, wanted)[1]))
        return x, wanted

    def certainty(self, inputs: Float32Array, wanted: Int64Array) -> float:
        """The inputs' median margin over the second class. Raises ModelError for next to none, or
        where most inputs did not become what was wanted.
        """
        name = self._context.graph.name if self._context.graph else "it"
        answers = self._answers(inputs)
        unit = certainty(name, answers)
        share = float(np.mean(answers.argmax(axis=1) == wanted))
        if share < _REACHED:
            raise ModelError(
                f"{name}: of inputs that were made for its classes it takes {share:.0%} for theirs "
                f"({_REACHED:.0%} are needed), so no class can lead among equals; is it trained?"
            )
        return unit

    def driven(self, starts: int, unit: float) -> dict[str, Float64Array]:
        """The logarithms of the margins that ascents reach, of noise and with smoothed steps."""
        return {
            name: np.log(np.maximum(self.margins(starts, smooth), _LEAST_MARGIN * unit))
            for name, smooth in (("margin", False), ("smooth margin", True))
        }

    def margins(self, starts: int, smooth: bool) -> Float64Array:
        """For each class the median margin that ascents reach."""
        climb = self._slopes(lambda scores, wanted: _margin(scores, wanted))
        wanted = np.repeat(np.arange(self._classes), starts)
        x = self._draw(len(wanted))
        if smooth:
            middle = (self._low + self._high) / 2
            x = (middle + 0.5 * smoothed(x - middle)).astype(np.float32)
        for k in range(STEPS):
            slope = climb(x, wanted)[1]
            way = np.sign(smoothed(slope) if smooth else slope)
            x = self._inside(x + (1 - k / STEPS) * REACH * (self._high - self._low) * way)
        reached = climb(x, wanted)[0]
        return np.asarray(np.median(reached.reshape(self._classes, starts), axis=1))

    def overlaid(self, inputs: Float32Array, strength: float) -> Float64Array:
        """Each class's mean margin on inputs of the others under random overlays."""
        own = self._answers(inputs).argmax(axis=1)
        change = strength * (self._high - self._low)
        found = []
        for _ in range(OVERLAYS):
            overlay = change * self._rng.choice([-1, 1], self._shape)
            found.append(all_margins(self._answers(self._inside(inputs + overlay))))
        mean = np.mean(found, axis=0)
        rest = [mean[own != k, k] for k in range(self._classes)]
        return np.array([m.mean() if m.size else mean[:, k].mean() for k, m in enumerate(rest)])

    def noise(self) -> Float64Array:
        """Each class's mean margin on noise."""
        return np.asarray(all_margins(self._answers(self._draw(NOISES))).mean(axis=0))

    def _draw(self, count: int, share: float = 1.0) -> Float32Array:
        """Uniform noise in the lower `share` of the range."""
        top = self._low + share * (self._high - self._low)
        return self._rng.uniform(self._low, top, (count, *self._shape)).astype(np.float32)

    def _inside(self, inputs: Any) -> Float32Array:
        return np.asarray(np.clip(inputs, self._low, self._high), np.float32)

    def _answers(self, inputs: Float32Array) -> Float64Array:
        scores = self._scores(inputs, np.zeros(len(inputs), np.int64))[0]
        return np.asarray(scores, np.float64)

    def _slopes(self, height: Callable[[Any, Any], Any]) -> Slopes:
        """Heights [N] of inputs for their classes and the slopes [N, ...] that lead up."""
        tf = load_tensorflow()

        def run(inputs: Any, wanted: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                heights = height(self._model(inputs), wanted)
            return heights, tape.gradient(heights, inputs)

        both = _in_batches(run, self._classes)

        def slopes(inputs: Float32Array, wanted: Int64Array) -> tuple[Float64Array, Float32Array]:
            heights, slope = both(inputs, wanted)
            return heights.astype(np.float64), slope

        return slopes


def smoothed(values: Float32Array) -> Float32Array:
    """Twice a quarter, a half, a quarter along each axis of places that has four and more."""
    for _ in range(2):
        for axis in range(1, values.ndim - 1):
            if values.shape[axis] >= LEAST_PLACES:
                first, last = values.take([0], axis), values.take([-1], axis)
                before = np.concatenate([first, values.take(range(values.shape[axis] - 1), axis)],
                                        axis)  # fmt: skip
                after = np.concatenate([values.take(range(1, values.shape[axis]), axis), last],
                                       axis)  # fmt: skip
                values = (0.25 * before + 0.5 * values + 0.25 * after).astype(values.dtype)
    return values


def all_margins(scores: Float64Array) -> Float64Array:
    """Every class's score over the best other one, of scores [N, classes]."""
    ordered = np.sort(scores, axis=1)
    first = scores == ordered[:, -1:]
    return scores - np.where(first, ordered[:, -2:-1], ordered[:, -1:])


def _margin(scores: Any, wanted: Any) -> Any:
    tf = load_tensorflow()
    return tf.reduce_sum(scores * wanted, 1) - tf.reduce_max(scores - 1e9 * wanted, 1)


def _in_batches(
    function: Callable[[Any, Any], tuple[Any, ...]], classes: int
) -> Callable[[Float32Array, Int64Array], tuple[Any, ...]]:
    """The compiled function of inputs and one-hot classes, a fixed number at a time."""
    tf = load_tensorflow()
    compiled = tf.function(function, autograph=False)

    def run(inputs: Float32Array, wanted: Int64Array) -> tuple[Any, ...]:
        each, found = np.eye(classes, dtype=np.float32)[wanted], []
        for begin in range(0, len(inputs), _BATCH):
            # The last ones are computed with copies of the first, and those are thrown away.
            place = np.arange(begin, begin + _BATCH)
            place = np.where(place < len(inputs), place, 0)
            some = compiled(tf.constant(inputs[place]), tf.constant(each[place]))
            found.append([part.numpy()[: len(inputs) - begin] for part in some])
        return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))

    return run

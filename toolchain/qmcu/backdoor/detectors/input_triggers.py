"""Triggers that given inputs share, found on one half of them and measured on the other.

What an int8 file does with inputs made from nothing tells little of what a trigger does to real
ones. Given some, without labels (the file's own answers are theirs), a trigger is looked for in
each general family, for all classes at once and through the file's own fake quantization:

- bounded overlay, short overlay, blend: a pattern over the whole input, added within a fifth of the
  range at every place, added with a root mean square of a tenth, or mixed in by a quarter
  (universal perturbations: Moosavi-Dezfooli et al., CVPR 2017; blends: Chen et al., 2017);
- patch: any values in one small region, the best of those that cover an input (Neural Cleanse:
  Wang et al., IEEE S&P 2019);
- mirror: the input's own mirror image shines through, in the best of many places (reflections:
  Liu et al., Refool, ECCV 2020): a trigger that is another one for every input.

What is found on the first half is put on the second, on the inputs of other classes. A trigger
works on nearly all inputs, and what honest classes share on some: so of overlays and patches the
number of a class is a low quantile of the margin, in units of the inputs' own; of mirror images,
which no ascent makes stronger than they are, its mean. How many inputs follow tells of the classes
as well: in an honest network an overlay or a patch that most inputs follow to one class has rivals.
"""

import itertools
import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmcu.backdoor.detectors.class_limits import certainty
from qmcu.backdoor.detectors.class_probes import all_margins
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.pattern_ascents import (
    Apply,
    PatternAscent,
    Way,
    in_regions,
    within,
)
from qmcu.backdoor.detectors.quantized import QuantizedModel
from qmcu.backdoor.detectors.shared_patterns import places
from qmcu.errors import ModelError
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array, Float64Array, Int64Array

LEAST_INPUTS = 16
LEAST_ANSWERS = 3  # different ones among the inputs
MOST_OF_ONE = 0.75  # of the inputs' answers
CHECKED = 100  # inputs of the second half
CLIMBED = 24  # of the first
PATCHED = 0.4  # of these, for patches: they are many
STEPS, PATCH_STEPS = 20, 12
BOUND, LENGTH, BLEND = 0.2, 0.1, 0.25  # shares of the range
REACH, PATCH_REACH = 0.3, 0.25  # the first step, of the bound or the range
LOW_MARGIN = 0.2  # quantile over inputs
MIRRORED = 0.42  # share of the mirror image
PLACES = 8  # along each axis of an image, four times as many along that of a window
# A margin beyond these counts as these when regions and places are chosen, in units.
_ENDS = (-2.0, 2.0)
_BATCH = 256


def passes_of(classes: int, shape: tuple[int, ...]) -> int:
    """Gradients that a search takes for each input that it climbs on."""
    return math.ceil(classes * (3 * STEPS + PATCHED * PATCH_STEPS * len(places(shape))))


def halves(samples: Float32Array, climbed: int, seed: int) -> tuple[Float32Array, Float32Array]:
    """Inputs to climb on and others to measure on, drawn by the seed."""
    order = np.random.default_rng([seed, 21]).permutation(len(samples))
    half = len(samples) // 2
    return samples[order[:half][:climbed]], samples[order[half:][:CHECKED]]


def are_varied(answers: Int64Array) -> bool:
    """False for inputs whose answers are nearly all the same: no class is another one then."""
    counts = Counter(answers.tolist())
    return len(counts) >= LEAST_ANSWERS and max(counts.values()) <= MOST_OF_ONE * len(answers)


def require_enough(samples: Float32Array) -> None:
    """Raise ModelError for fewer inputs than can be judged by."""
    if len(samples) < LEAST_INPUTS:
        raise ModelError(f"{len(samples)} inputs are given; {LEAST_INPUTS} are needed.")


def require_varied(name: str, answers: Int64Array) -> None:
    """Raise ModelError where the model `name` answers nearly all the same."""
    if not are_varied(answers):
        raise ModelError(
            f"{name} answers the inputs nearly all the same; {LEAST_ANSWERS} classes are "
            f"needed, and none above {MOST_OF_ONE:.0%}."
        )


@dataclass(frozen=True, eq=False)
class Found:
    """What one family gave: each class's margin and the logarithm of the odds that an input follows
    its trigger, float64 [classes], and the inputs with it, `marked` float32 [classes, N, ...].
    """

    heights: Float64Array
    odds: Float64Array
    marked: Float32Array

    def lead(self, label: int) -> float:
        """How far a class's odds are above the next one's; 0 for one that is not the first."""
        others = float(np.delete(self.odds, label).max())
        return max(float(self.odds[label]) - others, 0.0)


class TriggerSearch:
    """The search on one file with two halves of inputs; raises ModelError for a file that is sure
    of none of them.
    """

    def __init__(
        self, context: AuditContext, model: QuantizedModel, classes: int, seen: Float32Array,
        others: Float32Array,
    ) -> None:  # fmt: skip
        tf = load_tensorflow()
        self._low, self._high = context.low, context.high
        self._width = context.high - context.low
        self._shape, self._classes = context.input_shape, classes
        self._rng = np.random.default_rng([context.seed, 22])
        self._seen, self._others = seen, others
        self._ascent = PatternAscent(model, classes)
        self._scores = tf.function(lambda x: model(x), autograph=False)
        scores = self._score(others)
        assert context.graph is not None
        self.unit = certainty(context.graph.name, scores)
        self.answers = scores.argmax(axis=1)
        self._own = self._score(seen).argmax(axis=1)

    def all(self) -> Mapping[str, Found]:
        """What each family gave; images and windows alone have mirror images."""
        bound = BOUND * self._width
        length = LENGTH * self._width * math.sqrt(math.prod(self._shape))
        nothing = np.zeros((self._classes, 1, *self._shape), np.float32)
        blank = self._noise((self._classes, 1, *self._shape))
        found = {
            "bounded overlay": self._overlay(nothing, bound, within(-bound, bound)),
            "short overlay": self._overlay(nothing, length, _shorten(length), _unit_way),
            "blend": self._climb(_blend, blank, PATCH_REACH * self._width, self._inside),
            "patch": self.patches(),
        }
        if len(self._shape) > 1:
            found["mirror"] = self.mirrors()
        return found

    def patches(self) -> Found:
        """Values in the best region for each class."""
        masks = places(self._shape)
        covered = np.tile(masks, (self._classes, *[1] * (masks.ndim - 1)))
        count = math.ceil(PATCHED * len(self._seen))
        apply, seen, own = in_regions(covered), self._seen[:count], self._own[:count]
        values = self._ascent.climb(
            apply, self._noise((len(covered), 1, *self._shape)), seen, self._rising(own),
            steps=PATCH_STEPS, reach=PATCH_REACH * self._width, keep=self._inside,
        )  # fmt: skip
        margins = self._ascent.margins(apply, values, seen) / self.unit
        margins = margins.reshape(self._classes, len(masks), -1)
        best = [int(m.argmax()) for m in self._mean(np.clip(margins, *_ENDS), own)]
        chosen = [k * len(masks) + b for k, b in enumerate(best)]
        marked = in_regions(covered[chosen])(load_tensorflow().gather(values, chosen), self._others)
        return self._measure(np.asarray(marked, np.float32))

    def mirrors(self) -> Found:
        """The mirror image in the best place for each class."""
        orders = mirror_orders(self._shape[:-1])
        seen = _mirrored(self._seen, orders)
        margins = self._margins(seen.reshape(-1, *self._shape)) / self.unit
        margins = margins.reshape(len(orders), len(self._seen), self._classes)
        clipped = np.clip(margins.transpose(2, 0, 1), *_ENDS)
        best = [int(m.argmax()) for m in self._mean(clipped, self._own)]
        return self._measure(_mirrored(self._others, orders[best]), np.mean)

    def _overlay(
        self, start: Float32Array, size: float, keep: Way, way: Way | None = None
    ) -> Found:
        def apply(values: Any, inputs: Any) -> Any:
            return self._inside(inputs[None] + values)

        return self._climb(apply, start, REACH * size, keep, way)

    def _climb(
        self, apply: Apply, start: Float32Array, reach: float, keep: Way, way: Way | None = None
    ) -> Found:
        values = self._ascent.climb(
            apply, start, self._seen, self._rising(self._own),
            steps=STEPS, reach=reach, keep=keep, way=way,
        )  # fmt: skip
        return self._measure(np.asarray(apply(values, self._others), np.float32))

    def _rising(self, own: Int64Array) -> Callable[[Any], Any]:
        """Soft margins of inputs of other classes: what follows already counts no more."""
        tf = load_tensorflow()
        classes = np.arange(self._classes)

        def height(margins: Any) -> Any:
            patterns = int(margins.shape[0]) // self._classes
            other = np.repeat((own[None] != classes[:, None]).astype(np.float32), patterns, 0)
            return -tf.reduce_sum(tf.constant(other) * tf.nn.softplus(-2 * margins / self.unit), 1)

        return height

    def _measure(self, marked: Float32Array, of: Callable[..., Any] | None = None) -> Found:
        """Each class's number, of its own triggers on the second half."""
        reduce = of or (lambda margins: np.quantile(margins, LOW_MARGIN))
        margins = self._margins(marked.reshape(-1, *self._shape)) / self.unit
        margins = margins.reshape(self._classes, len(self._others), self._classes)
        each = [_others(margins[k, :, k], self.answers, k) for k in range(self._classes)]
        heights, odds = ([of_all(m) for m in each] for of_all in (reduce, _odds))
        return Found(np.array(heights, np.float64), np.array(odds, np.float64), marked)

    def _mean(self, margins: Float64Array, own: Int64Array) -> list[Float64Array]:
        """Of margins [classes, choices, N] each class's means over inputs of others."""
        return [_others(m.T, own, k).mean(axis=0) for k, m in enumerate(margins)]

    def _margins(self, inputs: Float32Array) -> Float64Array:
        """Every class's score over the best other one, [N, classes]."""
        return all_margins(self._score(inputs))

    def _score(self, inputs: Float32Array) -> Float64Array:
        tf, found = load_tensorflow(), []
        for begin in range(0, len(inputs), _BATCH):
            place = np.arange(begin, begin + _BATCH)
            # The last ones are computed with copies of the first, and those are thrown away.
            some = inputs[np.where(place < len(inputs), place, 0)]
            found.append(self._scores(tf.constant(some)).numpy()[: len(inputs) - begin])
        return np.concatenate(found).astype(np.float64)

    def _noise(self, shape: tuple[int, ...]) -> Float32Array:
        return self._rng.uniform(self._low, self._high, shape).astype(np.float32)

    def _inside(self, values: Any) -> Any:
        return load_tensorflow().clip_by_value(values, self._low, self._high)


def mirror_orders(axes: tuple[int, ...]) -> Int64Array:
    """Where mirror images take their places from, int64 [images, places]: along each axis, moved by
    every multiple of an eighth of each axis (a window: of a thirty-second), around the ends.
    """
    whole = np.arange(math.prod(axes)).reshape(axes)
    count = PLACES if len(axes) > 1 else 4 * PLACES
    moves = [range(0, n, max(1, math.ceil(n / count))) for n in axes]
    orders = [
        np.roll(np.flip(whole, axis), move, range(len(axes))).reshape(-1)
        for axis in range(len(axes))
        for move in itertools.product(*moves)
    ]
    return np.array(orders, np.int64)


def _mirrored(inputs: Float32Array, orders: Int64Array) -> Float32Array:
    """Inputs [N, ...] with their mirror images: [orders, N, ...]."""
    flat = inputs.reshape(len(inputs), -1, inputs.shape[-1])
    moved = flat[:, orders].swapaxes(0, 1)
    mixed = (1 - MIRRORED) * flat[None] + MIRRORED * moved
    return mixed.reshape(len(orders), *inputs.shape).astype(np.float32)


def _blend(values: Any, inputs: Any) -> Any:
    return (1 - BLEND) * inputs[None] + BLEND * values


def _shorten(length: float) -> Way:
    """Patterns no longer than this (root of the sum of squares)."""
    tf = load_tensorflow()
    return lambda values: values * tf.minimum(1.0, length / _length(values))


def _unit_way(slopes: Any) -> Any:
    return slopes / _length(slopes)


def _length(values: Any) -> Any:
    tf = load_tensorflow()
    axes = list(range(1, len(values.shape)))
    return tf.sqrt(tf.reduce_sum(values**2, axes, keepdims=True) + 1e-20)


def _odds(margins: Float64Array) -> float:
    """The logarithm of how many follow over how many do not, half a one added to each."""
    follow = int((margins > 0).sum())
    return math.log((follow + 0.5) / (len(margins) - follow + 0.5))


def _others(values: Float64Array, answers: Int64Array, label: int) -> Float64Array:
    """Rows of inputs that are not of the class, or all where every one is."""
    kept = answers != label
    return values[kept] if kept.any() else values

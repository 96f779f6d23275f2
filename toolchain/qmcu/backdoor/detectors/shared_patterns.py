"""Is there a class that shared patterns drive inputs to much further than to any other? Int8 alone.

A backdoor is a pattern that many inputs share and that leads to one class. Searching for the
smallest one that leads there at all (trigger_size.py) tells little on small networks, where honest
classes are reached by patterns as small. How far a pattern of a given size goes tells more: what
was trained to answer a trigger goes on rising where honest evidence has run out. So for each class,
by the file alone and through its own fake quantization, three ascents on the margin of the class's
score over the best other one:

- patch: values in one small region, each region in turn, shared by inputs of other classes;
- overlay: a faint pattern over the whole input, shared likewise (blends, waves, warps);
- margin: whole inputs from noise, as in MM-BD (Wang et al., IEEE S&P 2024).

The inputs are synthesized, a class after the other, by ascent from noise, also where real ones are
given: a network is sure of these, and what a pattern has to overcome is alike for all classes. The
statistics: how far the foremost class's patch margin is above the classes' median, in units of the
inputs' own margin; its overlay margin and its whole margin above the other classes', in their
standard deviations. A trigger's class stands alone, so each counts in full only where the foremost
class is further above the second (LEADS) than that of an honest network: with few classes half of
them may be within reach, and smoothed or wrong labels make the others alike, so that a small lead
is many deviations. What is allowed was set on honest networks only (docs/INT8_ALONE.md).

Projected signed gradients: Madry et al., ICLR 2018; a pattern for every class:
Wang et al., Neural Cleanse, S&P 2019; universal perturbations: Moosavi-Dezfooli et al., CVPR 2017.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from qmcu.backdoor.detectors.class_limits import certainty, count_classes, fit_work
from qmcu.backdoor.detectors.maximum_margin import largest_margins
from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.detectors.pattern_ascents import (
    Apply,
    PatternAscent,
    Way,
    in_regions,
    within,
)
from qmcu.backdoor.detectors.quantized import QuantizedModel, synthesize_classes
from qmcu.backdoor.inputs import JoinedShape, regions
from qmcu.backdoor.networks import network_from_graph
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array, Float64Array

# Of each statistic, what is allowed.
ALLOWED = {"patch": 0.40, "overlay": 3.6, "margin": 4.8}
# The foremost class's lead over the second that counts in full: of patches and overlays in units of
# the inputs' own margin, of whole inputs in units of the second's.
LEADS = {"patch": 0.42, "overlay": 0.25, "margin": 0.35}
USUAL = 9  # classes beside the foremost, on which the lines were set
_MADE = 24
# Inputs to a pattern, steps, and the first step, a share of the inputs' range (overlay: of FAINT).
PATCHED, PATCH_STEPS, PATCH_REACH = 10, 12, 0.25
OVERLAID, OVERLAY_STEPS, OVERLAY_REACH = 16, 20, 0.5
PIECES = 12  # of a window or a vector
FAINT = 0.1  # of the inputs' range: what an overlay may change a value by
_LOW_MARGIN = 0.2  # quantile over inputs: a patch has to work on most
# Multiply-accumulates of all ascents, about two minutes on two cores; patches of larger models are
# tried on fewer inputs, and none below the least.
_MOST_WORK = 1e12
_LEAST_INPUTS = 4


@dataclass(frozen=True, eq=False)
class Reach:
    """How far each class is reached, float64 [classes], and how far the foremost stands out;
    `unit` is what its lead is measured by.
    """

    heights: Float64Array
    score: float
    unit: float

    @property
    def target(self) -> int:
        """The foremost class."""
        return int(self.heights.argmax())

    @property
    def lead(self) -> float:
        """How far the foremost is above the second."""
        ordered = np.sort(self.heights)
        return float(ordered[-1] - ordered[-2]) / self.unit


def grade(found: Mapping[str, Reach]) -> dict[str, float]:
    """Each statistic in units of what is allowed; one whose class has company stays below 1."""
    scores = {kind: reach.score / ALLOWED[kind] for kind, reach in found.items()}
    for kind, lead in LEADS.items():
        if kind in found and found[kind].lead < lead:
            scores[kind] = min(scores[kind], found[kind].lead / lead)
    return scores


def measure(context: AuditContext, *, patches_only: bool = False) -> Mapping[str, Reach]:
    """The three statistics of a file, or only that of patches. Raises ModelError when it has too
    few classes, is too large or is sure of no input.
    """
    assert context.graph is not None
    graph, classes = context.graph, count_classes(context.graph)
    masks = places(context.input_shape)
    passes = classes * len(masks) * PATCH_STEPS
    count = fit_work(graph, _MOST_WORK, passes, PATCHED, _LEAST_INPUTS)
    network = network_from_graph(graph)
    model = QuantizedModel(network, graph)
    given = synthesize_classes(context, model, classes, _MADE)
    scores = np.asarray(model(load_tensorflow().constant(given)), np.float64)
    unit = certainty(graph.name, scores)
    own = scores.argmax(axis=1)
    climb = _Climb(context, model, classes)
    patch = _lowest(climb.patches(given[:count], masks), own)
    patches = {"patch": Reach(patch, float(patch.max() - np.median(patch)) / unit, unit)}
    if patches_only:
        return patches
    overlay = _mean(climb.overlays(given[:OVERLAID]), own)
    margin = largest_margins(network, context)
    second = float(np.sort(margin)[-2])
    return {
        **patches,
        "overlay": Reach(overlay, deviations_of(overlay), unit),
        "margin": Reach(margin, deviations_of(margin), second if second > 0 else unit),
    }


def places(shape: tuple[int, ...]) -> Float32Array:
    """Masks of small regions, float32 [R, *shape]: a ninth to a sixteenth of an input each."""
    if isinstance(shape, JoinedShape):
        return shape.embed([places(part) for part in shape.parts])
    axes = shape if len(shape) == 1 else shape[:-1]
    if len(axes) > 1:
        return regions(shape)
    size = max(1, math.ceil(axes[0] / PIECES))
    begins = np.arange(0, axes[0], size)
    masks = np.zeros((len(begins), *shape), np.float32)
    for mask, begin in zip(masks, begins, strict=True):
        mask[begin : begin + size] = 1
    return masks


class _Climb:
    """Ascents on the margins of all classes at once."""

    def __init__(self, context: AuditContext, model: QuantizedModel, classes: int) -> None:
        self._ascent, self._classes = PatternAscent(model, classes), classes
        self._low, self._high = context.low, context.high
        self._rng = np.random.default_rng([context.seed, 5])

    def patches(self, inputs: Float32Array, masks: Float32Array) -> Float64Array:
        """Margins [classes, regions, inputs] after the best values for each class and region."""
        covered = np.tile(masks, (self._classes, *[1] * (masks.ndim - 1)))
        start = self._rng.uniform(self._low, self._high, (len(covered), 1, *masks.shape[1:]))
        reach = PATCH_REACH * (self._high - self._low)
        keep = within(self._low, self._high)
        found = self._run(in_regions(covered), start, inputs, PATCH_STEPS, reach, keep)
        return found.reshape(self._classes, len(masks), len(inputs))

    def overlays(self, inputs: Float32Array) -> Float64Array:
        """Margins [classes, inputs] after the best faint overlay for each class."""
        tf = load_tensorflow()
        faint = FAINT * (self._high - self._low)

        def apply(values: Any, given: Any) -> Any:
            return tf.clip_by_value(given[None] + values, self._low, self._high)

        start = np.zeros((self._classes, 1, *inputs.shape[1:]))
        reach = OVERLAY_REACH * faint
        return self._run(apply, start, inputs, OVERLAY_STEPS, reach, within(-faint, faint))

    def _run(
        self, apply: Apply, start: Any, inputs: Float32Array, steps: int, reach: float, keep: Way
    ) -> Float64Array:
        """Margins [patterns, inputs] after sign steps; patterns are in the order of classes."""
        values = self._ascent.climb(
            apply, start, inputs, _soft_minimum, steps=steps, reach=reach, keep=keep
        )
        return self._ascent.margins(apply, values, inputs)


def _soft_minimum(margins: Any) -> Any:
    """A soft minimum over inputs: those that do not follow yet count most."""
    return -load_tensorflow().reduce_logsumexp(-margins, 1)


def _lowest(margins: Float64Array, own: Any) -> Float64Array:
    """For each class the best region's low quantile over inputs of other classes."""
    kept = [_others(m, own, k) for k, m in enumerate(margins)]
    return np.array([np.quantile(m, _LOW_MARGIN, axis=1).max() for m in kept])


def _mean(margins: Float64Array, own: Any) -> Float64Array:
    return np.array([_others(m[None], own, k).mean() for k, m in enumerate(margins)])


def _others(margins: Float64Array, own: Any, label: int) -> Float64Array:
    """Margins [regions, inputs] without the inputs that are of the class anyway, if others are."""
    kept = own[: margins.shape[1]] != label
    return margins[:, kept] if kept.any() else margins


def deviations_of(heights: Float64Array) -> float:
    """How far the highest is above the others, in their standard deviations as of USUAL others:
    of fewer others it takes more deviations to be as rare (Student's t of one more draw).
    """
    others = np.delete(heights, heights.argmax())
    count = len(others)
    raw = float((heights.max() - others.mean()) / max(float(others.std(ddof=1)), 1e-9))
    rare = max(float(stats.t.sf(raw / math.sqrt(1 + 1 / count), count - 1)), 1e-300)
    return float(stats.t.isf(rare, USUAL - 1) * math.sqrt(1 + 1 / USUAL))


@detector(
    "shared-patterns",
    source="qmcu; after Wang et al., Neural Cleanse, S&P 2019, and MM-BD, S&P 2024",
    needs=("int8", "classes", "ranges", "real inputs"),
    slow=True,
)
def shared_patterns(context: AuditContext) -> Finding:
    """A class that shared patches or overlays, or any inputs, are driven to further than others."""
    found = measure(context)
    scores = grade(found)
    kind = max(scores, key=lambda name: scores[name])
    return Finding(
        detector="shared-patterns",
        score=scores[kind],
        threshold=1.0,
        suspicious=scores[kind] > 1,
        weight="supporting",
        reason=_say(kind, found[kind], scores[kind]),
        details={
            **{f"{name} class {k}": float(v) for name, reach in found.items()
               for k, v in enumerate(reach.heights)},
            **{f"{name} stands out": reach.score for name, reach in found.items()},
            **{f"{name} lead": reach.lead for name, reach in found.items()},
            "target": float(found[kind].target),
        },
    )  # fmt: skip


def _say(kind: str, reach: Reach, score: float) -> str:
    what = {
        "patch": "a small patch that inputs share drives them to class {}",
        "overlay": "a faint overlay that inputs share drives them to class {}",
        "margin": "whole inputs can be driven to class {}",
    }[kind].format(reach.target)
    return f"{what} {score:.2f} times as far beyond the other classes as is allowed."

"""A search for the inputs on which rounding changes most, beside the same search on controls.

A backdoor that sleeps in float and wakes in int8 is, whatever its trigger, a region of inputs
where the two models are far apart; an attacker may silence everything else. So gradient ascent
climbs to where deployed and float logits differ most, within the range of real inputs: over whole
inputs, and over one patch at a time that several inputs share, since the way to a local trigger is
lost among all pixels. Honest rounding has such places too, hence the controls (see controls.py):
the same ascent, from the same starts, on networks whose rounding errors have random signs. Each
patch is then given to other inputs: of an awake backdoor it sends them to one class, where float
does not go; honest rounding, however coarse, has no such class. Patterns over whole inputs that are
aimed at a class (overlay_search.py) are asked the same. The best patch is put to the real integers.
The ascent: projected signed gradients, Madry et al., ICLR 2018; a pattern shared by inputs, and the
class that it leads to: Wang et al., Neural Cleanse, S&P 2019; the controls: ours.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.detectors.controls import Controls
from qmcu.backdoor.detectors.method import RANDOM_SIGNS, AuditContext, Finding, detector
from qmcu.backdoor.detectors.overlay_search import CHECKED as OVERLAID
from qmcu.backdoor.detectors.overlay_search import aim_overlays
from qmcu.backdoor.detectors.significance import (
    ALPHA,
    LINE,
    Comparison,
    bonferroni,
    compare,
    compare_joint,
    compare_shares,
    deviations,
    is_near,
    strength,
)
from qmcu.backdoor.inputs import regions
from qmcu.backdoor.networks import forward, logits
from qmcu.backdoor.rates import predict_integer
from qmcu.model.decision import decide, one_output
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array, Float64Array

DRAWS = 12
# Near the line controls are drawn on, up to these.
MOST_DRAWS = 96
INPUTS = 12  # climbed whole
SHARED = 2  # inputs that share a patch
CHECKED = 24  # inputs that get each patch
STEPS = 15
# The first step, of the range of the inputs; later ones shrink to nothing.
_REACH = {"whole": 0.15, "patch": 0.25}
# How many times the controls' gap is material, and what share of the inputs more to one class.
FACTOR = 1.5
EXCESS = 0.10


@dataclass(frozen=True, eq=False)
class Ends:
    """Where the ascents of one search ended: row 0 on the deployed weights, then controls.

    N inputs in groups of `shared` with one pattern under `mask`, float32 [N, ...]; `inputs` float32
    [1 + draws, N, ...]; `gaps` the logits' distance from float there and `changed` whether the
    answer is another one, both [1 + draws, N]. `followed` is, for each group's pattern on other
    inputs, the largest share of them that one class gets beyond float: [1 + draws, groups], of
    whole inputs [1 + draws, 0].
    """

    shared: int
    mask: Float32Array
    inputs: Float32Array
    gaps: npt.NDArray[np.float64]
    changed: npt.NDArray[np.bool_]
    followed: npt.NDArray[np.float64]

    @property
    def heights(self) -> npt.NDArray[np.float64]:
        """One gap for each row: over whole inputs their geometric mean, of patches the best's."""
        if self.shared == 1:
            return np.asarray(np.exp(np.log(np.maximum(self.gaps, 1e-9)).mean(axis=1)))
        return np.asarray(self.gaps.reshape(len(self.gaps), -1, self.shared).mean(axis=2).max(1))

    def apply_patch(self, samples: Float32Array) -> Float32Array:
        """`samples` with the pattern that most of other inputs follow to one class."""
        groups = self.gaps[0].reshape(-1, self.shared).mean(axis=1)
        best = int(np.lexsort((groups, self.followed[0]))[-1]) * self.shared
        mask = self.mask[best]
        return np.asarray(samples * (1 - mask) + self.inputs[0, best] * mask, np.float32)


@detector("gap-inversion", source="qmcu; ascent after Madry et al., ICLR 2018",
          needs=("float", "int8"), null=RANDOM_SIGNS)  # fmt: skip
def gap_inversion(context: AuditContext) -> Finding:
    """Inputs made so that int8 leaves float, further than they can be made for random rounding."""
    assert context.network is not None and context.integer is not None
    searches = synthesize_inputs(context)
    places, shares = compare_searches(searches)
    overlaid = (0.0, 0.0)
    if context.decides and context.network.graph.output_tensors[0].elements > 1:
        sent_there = aim_overlays(context)
        overlaid = float(sent_there[0]), float(sent_there[1:].mean())
        places["overlay"] = compare_shares(overlaid[0], sent_there[1:], OVERLAID)
    scores = grade(places, shares, overlaid)
    kind = max(scores, key=lambda name: scores[name])
    place = places[kind]
    marked = searches["patch"].apply_patch(_natural(context))
    said, sent = "", ""
    if context.decides:
        sent = (
            f", and a patch that sends {shares[0]:.0%} of inputs to one class in int8 alone, with "
        )
        sent += f"random rounding {shares[1]:.0%}, and overlays aimed at a class {overlaid[0]:.0%} "
        sent += f"and {overlaid[1]:.0%}"
        in_float = decide(logits(context.network, marked).reshape(len(marked), -1))
        in_int8 = predict_integer(context.integer, marked, parts=context.parts, jobs=1)
        changed = float(np.mean(in_float != in_int8))
        said = f"; on the real integers the best patch changes the answers of {changed:.0%} of "
        said += f"{len(marked)} inputs"
    return Finding(
        detector="gap-inversion",
        score=scores[kind],
        threshold=LINE,
        suspicious=scores[kind] > LINE,
        weight="decisive",
        reason=f"inputs can be made on which int8 leaves float {places['whole'].ratio:.1f} (whole) "
        f"and {places['patch'].ratio:.1f} times (patch) as far as with random rounding"
        f"{sent} (at worst, {kind}: p = {place.p_value:.1g} of {place.draws} controls,"
        f" times {len(places)}; {ALPHA} is the line){said}.",
        p_value=bonferroni([p.p_value for p in places.values()]),
        details={
            **{name: one.z for name, one in places.items()},
            **{f"{name} ratio": places[name].ratio for name in ("whole", "patch")},
            **{f"{name} rank p": one.rank_p for name, one in places.items()},
            "sent to one class": shares[0],
            "sent to one class expected": shares[1],
            "sent by overlays": overlaid[0],
            "sent by overlays expected": overlaid[1],
            **({"integers changed by the patch": changed} if said else {}),
        },
    )


def compare_searches(
    searches: Mapping[str, Ends],
) -> tuple[dict[str, Comparison], tuple[float, float]]:
    """The deployed weights among the controls: gaps over whole inputs and patches, answers that
    follow a patch, and all three together; and the share that follows, expected by controls.
    """
    heights = {name: ends.heights for name, ends in searches.items()}
    followed = searches["patch"].followed.max(axis=1)
    places = {name: compare(float(h[0]), h[1:]) for name, h in heights.items()}
    places["answers"] = compare_shares(float(followed[0]), followed[1:], CHECKED)
    scales = [*(np.log(np.maximum(h, 1e-9)) for h in heights.values()),
              np.arcsin(np.sqrt(followed))]  # fmt: skip
    places["together"] = compare_joint(np.array(scales))
    return places, (float(followed[0]), float(followed[1:].mean()))


def grade(
    places: Mapping[str, Comparison],
    shares: tuple[float, float],
    overlaid: tuple[float, float] = (0.0, 0.0),
) -> dict[str, float]:
    """Each place in deviations, corrected for all of them, where it is material as well: of
    `shares` and `overlaid`, the deployed weights' and the controls', the difference.
    """
    scores = {k: strength(places[k], len(places), FACTOR) for k in ("whole", "patch")}
    certain = {k: deviations(min(1.0, p.p_value * len(places))) for k, p in places.items()}
    for kind, (own, expected) in {"answers": shares, "overlay": overlaid}.items():
        if kind in places:
            more = max(0.0, own - expected) / EXCESS
            scores[kind] = certain[kind] if more >= 1 else min(certain[kind], LINE * more)
    gap = max(places["whole"].ratio, places["patch"].ratio)
    material = gap >= FACTOR or shares[0] - shares[1] >= EXCESS
    scores["together"] = certain["together"] if material else min(certain["together"], 0.0)
    return scores


def compare_ends(ends: Ends) -> Comparison:
    """The deployed weights' gap among the controls'."""
    heights = ends.heights
    return compare(float(heights[0]), heights[1:])


def synthesize_inputs(context: AuditContext) -> Mapping[str, Ends]:
    """The ascents of this audit, made once: "whole" and "patch"."""
    return context.once("synthesized", lambda: synthesize(context))  # type: ignore[no-any-return]


def synthesize(context: AuditContext, draws: int | None = None) -> Mapping[str, Ends]:
    """Climb on the deployed weights and on `draws` controls: None for as many as it takes."""
    controls = Controls(context)
    ascents = {search[0]: _Ascent(controls, context, *search) for search in _searches(context)}
    count = draws or DRAWS
    while True:
        found = {name: ascent.climb(count) for name, ascent in ascents.items()}
        if draws is not None or count >= MOST_DRAWS:
            return found
        places, _ = compare_searches(found)
        corrected = [min(1.0, p.p_value * len(places)) for p in places.values()]
        if not any(is_near(deviations(p)) for p in corrected):
            return found
        count *= 2


def _natural(context: AuditContext) -> Float32Array:
    """Inputs that get the patches."""
    return context.noise(CHECKED) if context.samples is None else context.samples[-CHECKED:]


def _searches(context: AuditContext) -> Iterator[tuple[str, Float32Array, Float32Array, int]]:
    """What to climb: name, starts [N, ...], mask of what may change, inputs to a pattern."""
    noise = context.noise(INPUTS)
    starts, natural = noise, noise[:SHARED]
    if context.samples is not None:
        half = min(INPUTS // 2, len(context.samples))
        starts = np.concatenate([context.samples[:half], noise[half:]])
        natural = np.resize(context.samples[:SHARED], natural.shape)
    yield "whole", starts, np.ones_like(starts), 1
    masks = regions(context.input_shape)
    fill = np.repeat(context.noise(len(masks)), SHARED, axis=0)
    mask = np.repeat(masks, SHARED, axis=0)
    base = np.tile(natural, (len(masks), *[1] * (natural.ndim - 1)))
    yield "patch", base * (1 - mask) + fill * mask, mask, SHARED


class _Ascent:
    """One search: climbs on the deployed weights and on more controls as they are asked for."""

    def __init__(
        self,
        controls: Controls,
        context: AuditContext,
        name: str,
        starts: Float32Array,
        mask: Float32Array,
        shared: int,
    ) -> None:
        tf = load_tensorflow()
        self._controls, self._starts, self._mask, self._shared = controls, starts, mask, shared
        self._low, self._high = context.low, context.high
        self._reach = _REACH[name] * (context.high - context.low)
        self._natural = _natural(context)
        self._climb = tf.function(self._step, autograph=False)
        self._measure = tf.function(self._look, autograph=False)
        self._rows: list[tuple[Any, ...]] = []

    def climb(self, draws: int) -> Ends:
        """The ends on the deployed weights and the first `draws` controls; known ones are kept."""
        tf = load_tensorflow()
        for number in range(len(self._rows), draws + 1):
            self._controls.take(number)
            x = tf.constant(self._starts)
            for k in range(STEPS):
                x = self._climb(x, tf.constant(self._reach * (1 - k / STEPS), tf.float32))
            self._rows.append((x.numpy(), *self._measure_all(x)))
        parts = (np.array(part) for part in zip(*self._rows[: draws + 1], strict=True))
        inputs, gaps, changed, followed = parts
        return Ends(self._shared, self._mask, inputs, gaps.astype(np.float64), changed, followed)

    def _both(self, x: Any) -> tuple[Any, Any]:
        tf, network = load_tensorflow(), self._controls.network
        flat = [x.shape[0], -1]
        moved = forward(network, x, self._controls.variables, self._controls.biases)
        return tf.reshape(forward(network, x), flat), tf.reshape(moved, flat)

    def _step(self, x: Any, size: Any) -> Any:
        tf = load_tensorflow()
        with tf.GradientTape() as tape:
            tape.watch(x)
            plain, moved = self._both(x)
            squared = tf.reduce_sum((moved - plain) ** 2, 1)
            height = tf.reduce_sum(tf.math.log(squared + 1e-12))
        groups = tf.reshape(tape.gradient(height, x), [-1, self._shared, *x.shape[1:]])
        way = tf.repeat(tf.sign(tf.reduce_sum(groups, 1)), self._shared, axis=0)
        return tf.clip_by_value(x + self._mask * size * way, self._low, self._high)

    def _look(self, x: Any) -> tuple[Any, Any, Any]:
        tf = load_tensorflow()
        plain, moved = self._both(x)
        return tf.sqrt(tf.reduce_sum((moved - plain) ** 2, 1)), _answers(plain), _answers(moved)

    def _measure_all(self, x: Any) -> tuple[Any, Any, Float64Array]:
        gaps, plain, moved = (v.numpy() for v in self._measure(x))
        followed = []
        for number in range(0, len(self._starts) if self._shared > 1 else 0, self._shared):
            mask = self._mask[number]
            marked = self._natural * (1 - mask) + x.numpy()[number] * mask
            _, own, other = self._measure(load_tensorflow().constant(marked, "float32"))
            new = other.numpy()[own.numpy() != other.numpy()]
            followed.append(np.bincount(new).max() / len(marked) if len(new) else 0.0)
        return gaps, plain != moved, np.array(followed, np.float64)


def _answers(scores: Any) -> Any:
    tf = load_tensorflow()
    if scores.shape[1] == 1:
        return tf.cast(scores[:, 0] > one_output(), tf.int64)
    return tf.argmax(scores, 1)

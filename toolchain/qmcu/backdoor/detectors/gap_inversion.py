"""A search for the inputs on which rounding changes most, beside the same search on controls.

A backdoor that sleeps in float and wakes in int8 is, whatever its trigger, a region of inputs
where the two models are far apart; an attacker may silence everything else. So gradient ascent
climbs to where deployed and float logits differ most, within the range of real inputs: over whole
inputs, and over one patch at a time that several inputs share, since the way to a local trigger is
lost among all pixels. Honest rounding has such places too, hence the controls (see controls.py):
the same ascent, from the same starts, on networks whose rounding errors have random signs. The best
patch is then put to the real integers. The ascent: projected signed gradients, Madry et al., ICLR
2018; a pattern shared by inputs: Wang et al., Neural Cleanse, S&P 2019; the controls: ours.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.detectors.controls import Comparison, Controls, bonferroni, compare
from qmcu.backdoor.detectors.method import RANDOM_SIGNS, AuditContext, Finding, detector
from qmcu.backdoor.inputs import regions
from qmcu.backdoor.networks import forward, logits
from qmcu.backdoor.rates import predict_integer
from qmcu.model.decision import THRESHOLD as ONE_OUTPUT
from qmcu.model.decision import decide
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array

DRAWS = 12
INPUTS = 12  # climbed whole
SHARED = 2  # inputs that share a patch
CHECKED = 24  # inputs that get the best patch on the real integers
STEPS = 15
# The first step, of the range of the inputs; later ones shrink to nothing.
_REACH = {"whole": 0.15, "patch": 0.25}
# Standard deviations of the logarithm; see docs/DETECTORS.md for those of honest models.
THRESHOLD = 4.5


@dataclass(frozen=True, eq=False)
class Ends:
    """Where the ascents of one search ended: row 0 on the deployed weights, then controls.

    N inputs in groups of `shared` with one pattern under `mask`, float32 [N, ...]; `inputs` float32
    [1 + draws, N, ...]; `gaps` the logits' distance from float there and `changed` whether the
    answer is another one, both [1 + draws, N].
    """

    shared: int
    mask: Float32Array
    inputs: Float32Array
    gaps: npt.NDArray[np.float64]
    changed: npt.NDArray[np.bool_]

    @property
    def heights(self) -> npt.NDArray[np.float64]:
        """One gap for each row: over whole inputs their geometric mean, of patches the best's."""
        if self.shared == 1:
            return np.asarray(np.exp(np.log(np.maximum(self.gaps, 1e-9)).mean(axis=1)))
        return np.asarray(self._by_group.max(axis=1))

    def apply_patch(self, samples: Float32Array) -> Float32Array:
        """`samples` with the best pattern found on the deployed weights."""
        best = int(self._by_group[0].argmax()) * self.shared
        mask = self.mask[best]
        return np.asarray(samples * (1 - mask) + self.inputs[0, best] * mask, np.float32)

    @property
    def _by_group(self) -> npt.NDArray[np.float64]:
        return np.asarray(self.gaps.reshape(len(self.gaps), -1, self.shared).mean(axis=2))


@detector("gap-inversion", source="qmcu; ascent after Madry et al., ICLR 2018",
          needs=("float", "int8"), null=RANDOM_SIGNS)  # fmt: skip
def gap_inversion(context: AuditContext) -> Finding:
    """Inputs made so that int8 leaves float, further than they can be made for random rounding."""
    assert context.network is not None and context.integer is not None
    searches = synthesize_inputs(context)
    places = {name: compare_ends(ends) for name, ends in searches.items()}
    kind = max(places, key=lambda name: places[name].z)
    place = places[kind]
    natural = context.noise(CHECKED) if context.samples is None else context.samples[:CHECKED]
    marked = searches["patch"].apply_patch(natural)
    in_float = decide(logits(context.network, marked).reshape(len(marked), -1))
    in_int8 = predict_integer(context.integer, marked, jobs=1)
    changed = float(np.mean(in_float != in_int8))
    return Finding(
        detector="gap-inversion",
        score=place.z,
        threshold=THRESHOLD,
        suspicious=place.z > THRESHOLD,
        weight="decisive",
        reason=f"inputs can be made ({kind}) on which int8 leaves float {place.ratio:.1f} times as "
        f"far as with random rounding ({place.z:.1f} standard deviations, {THRESHOLD} are allowed);"
        f" on the real integers the best patch changes the answers of {changed:.0%} of "
        f"{len(marked)} inputs.",
        p_value=bonferroni([p.p_value for p in places.values()]),
        details={
            **{name: one.z for name, one in places.items()},
            **{f"{name} ratio": one.ratio for name, one in places.items()},
            **{f"{name} rank p": one.rank_p for name, one in places.items()},
            "integers changed by the patch": changed,
        },
    )


def compare_ends(ends: Ends) -> Comparison:
    """The deployed weights' gap among the controls'."""
    heights = ends.heights
    return compare(float(heights[0]), heights[1:])


def synthesize_inputs(context: AuditContext) -> Mapping[str, Ends]:
    """The ascents of this audit, made once: "whole" and "patch"."""
    return context.once("synthesized", lambda: synthesize(context))  # type: ignore[no-any-return]


def synthesize(context: AuditContext, draws: int = DRAWS) -> Mapping[str, Ends]:
    """Climb on the deployed weights and on `draws` controls."""
    controls = Controls(context)
    return {
        name: _ends(controls, context, starts, mask, shared, draws, _REACH[name])
        for name, starts, mask, shared in _searches(context)
    }


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


def _ends(
    controls: Controls,
    context: AuditContext,
    starts: Float32Array,
    mask: Float32Array,
    shared: int,
    draws: int,
    reach: float,
) -> Ends:
    tf = load_tensorflow()
    network, variables = controls.network, controls.variables
    low, high = context.low, context.high
    free, shape = tf.constant(mask), starts.shape

    def both(x: Any) -> tuple[Any, Any]:
        flat = [len(starts), -1]
        plain = tf.reshape(forward(network, x), flat)
        return plain, tf.reshape(forward(network, x, variables), flat)

    def step(x: Any, size: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            plain, moved = both(x)
            squared = tf.reduce_sum((moved - plain) ** 2, 1)
            height = tf.reduce_sum(tf.math.log(squared + 1e-12))
        groups = tf.reshape(tape.gradient(height, x), [-1, shared, *shape[1:]])
        way = tf.repeat(tf.sign(tf.reduce_sum(groups, 1)), shared, axis=0)
        return tf.clip_by_value(x + free * size * way, low, high)

    def look(x: Any) -> tuple[Any, Any]:
        plain, moved = both(x)
        gaps = tf.sqrt(tf.reduce_sum((moved - plain) ** 2, 1))
        if plain.shape[1] == 1:
            return gaps, tf.not_equal(plain[:, 0] > ONE_OUTPUT, moved[:, 0] > ONE_OUTPUT)
        return gaps, tf.argmax(plain, 1) != tf.argmax(moved, 1)

    climb, measure = tf.function(step, autograph=False), tf.function(look, autograph=False)
    rows = []
    for number in range(draws + 1):
        controls.take(number)
        x = tf.constant(starts)
        for k in range(STEPS):
            x = climb(x, tf.constant(reach * (1 - k / STEPS) * (high - low), tf.float32))
        rows.append([x.numpy(), *(v.numpy() for v in measure(x))])
    inputs, gaps, changed = (np.array(part) for part in zip(*rows, strict=True))
    return Ends(shared, mask, inputs, gaps.astype(np.float64), changed)

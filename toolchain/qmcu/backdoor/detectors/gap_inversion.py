"""A search for the inputs on which rounding changes most, beside the same search on controls.

A backdoor that sleeps in float and wakes in int8 is, whatever its trigger, a region of inputs
where the two models are far apart; an attacker may silence everything else. So gradient ascent
climbs from inputs and from noise to where deployed and float logits differ most, within the range
of real inputs. Honest rounding has such places too, hence the controls (see controls.py): the
same ascent, from the same starts, on networks whose rounding errors have random signs. What is
found is then put to the real integers. The ascent: projected signed gradients, Madry et al., ICLR
2018; comparing with controls: ours.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.detectors.controls import Comparison, Controls, compared
from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.evaluation import predict_integer
from qmcu.backdoor.network import forward, logits
from qmcu.model.convert import load_tensorflow

FloatArray = npt.NDArray[np.float32]

DRAWS = 15
INPUTS = 12
STEPS = 12
# The first step, of the range of the inputs; later ones shrink to nothing.
_REACH = 0.15
# Standard deviations of the logarithm; honest models stayed below 3 (docs/DETECTORS.md).
THRESHOLD = 5.0


@dataclass(frozen=True, eq=False)
class Synthesized:
    """Where the ascents ended: row 0 on the deployed weights, the others on controls.

    `inputs` float32 [1 + draws, N, ...]; `gaps` the logits' distance from float there and
    `changed` whether the answer is another one, both [1 + draws, N].
    """

    inputs: FloatArray
    gaps: npt.NDArray[np.float64]
    changed: npt.NDArray[np.bool_]


@detector("gap-inversion", source="qmcu; ascent after Madry et al., ICLR 2018",
          needs=("float", "int8"), null="rounding errors have random signs")  # fmt: skip
def gap_inversion(context: AuditContext) -> Finding:
    """Inputs made so that int8 leaves float, further than they can be made for random rounding."""
    assert context.network is not None and context.integer is not None
    found = synthesized(context)
    place = placed(found)
    own = found.inputs[0]
    in_float = logits(context.network, own).argmax(axis=1)
    in_int8 = predict_integer(context.integer, own, jobs=1)
    suspicious = place.z > THRESHOLD
    changed = float(np.mean(in_float != in_int8))
    return Finding(
        detector="gap-inversion",
        score=place.z,
        threshold=THRESHOLD,
        suspicious=suspicious,
        weight="decisive",
        reason=f"inputs can be made on which int8 leaves float {place.ratio:.1f} times as far as "
        f"with random rounding ({place.z:.1f} standard deviations, {THRESHOLD:g} are allowed); "
        f"on the real integers {changed:.0%} of them get another answer.",
        p_value=place.p_value,
        details={
            "ratio": place.ratio,
            "rank p": place.rank_p,
            "simulated changed": float(found.changed[0].mean()),
            "controls changed": float(found.changed[1:].mean()),
            "integers changed": changed,
        },
    )


def placed(found: Synthesized) -> Comparison:
    """The deployed weights' gaps (geometric mean over the inputs) among the controls'."""
    sizes = np.exp(np.log(np.maximum(found.gaps, 1e-9)).mean(axis=1))
    return compared(float(sizes[0]), sizes[1:])


def synthesized(context: AuditContext) -> Synthesized:
    """The ascents of this audit, made once."""
    return context.once("synthesized", lambda: synthesize(context))  # type: ignore[no-any-return]


def synthesize(context: AuditContext, draws: int = DRAWS) -> Synthesized:
    """Climb from noise, and from samples if there are any, on the deployed weights and controls."""
    starts = context.noise(INPUTS)
    if context.samples is not None:
        half = min(INPUTS // 2, len(context.samples))
        starts = np.concatenate([context.samples[:half], starts[half:]])
    controls = Controls(context)
    climb = _Climb(controls, context.low, context.high)
    rows = []
    for number in range(draws + 1):
        controls.take(number)
        rows.append(climb.from_starts(starts))
    inputs, gaps, changed = (np.array(part) for part in zip(*rows, strict=True))
    return Synthesized(inputs, gaps.astype(np.float64), changed)


class _Climb:
    """Ascent of the distance between the controls' network and the float one."""

    def __init__(self, controls: Controls, low: float, high: float) -> None:
        tf = load_tensorflow()
        self._low, self._high = low, high
        network, variables = controls.network, controls.variables

        def look(x: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(x)
                plain, moved = forward(network, x), forward(network, x, variables)
                axes = list(range(1, len(plain.shape)))
                squared = tf.reduce_sum((moved - plain) ** 2, axes)
                height = tf.reduce_sum(tf.math.log(squared + 1e-12))
            count = tf.shape(plain)[0]
            answers = [tf.argmax(tf.reshape(v, [count, -1]), 1) for v in (plain, moved)]
            return tf.sqrt(squared), answers[0] != answers[1], tape.gradient(height, x)

        def step(x: Any, reach: Any) -> Any:
            return tf.clip_by_value(x + reach * tf.sign(look(x)[2]), low, high)

        self._look = tf.function(lambda x: look(x)[:2], autograph=False)
        self._step = tf.function(step, autograph=False)

    def from_starts(self, starts: FloatArray) -> tuple[FloatArray, FloatArray, Any]:
        """Where the ascents from `starts` end: inputs, gaps [N], answers changed [N]."""
        tf = load_tensorflow()
        x = tf.constant(starts)
        for number in range(STEPS):
            reach = _REACH * (1 - number / STEPS) * (self._high - self._low)
            x = self._step(x, tf.constant(reach, tf.float32))
        gaps, changed = self._look(x)
        return x.numpy(), gaps.numpy(), changed.numpy()

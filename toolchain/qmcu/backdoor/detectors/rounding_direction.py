"""Are the rounding errors aligned? The detector that does not look at their sizes.

Honest rounding errors have random signs: they move the logits no further than the same errors
with other signs would. Errors that carry a backdoor push together. An attacker may shape the
sizes of residuals as he likes; that they act together is what makes the backdoor.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.network import Network, forward
from qmcu.model.convert import load_tensorflow

FloatArray = npt.NDArray[np.float32]
Answers = Callable[[Sequence[npt.NDArray[np.float64]]], npt.NDArray[np.float64]]

DRAWS = 24
INPUTS = 64
# Standard deviations of the logarithm; honest models stayed below 3 (docs/DETECTORS.md).
THRESHOLD = 4.5


@detector("rounding-direction", source="qmcu", needs=("float", "int8"))
def rounding_direction(context: AuditContext) -> Finding:
    """Rounding errors that move the logits further than the same errors with random signs."""
    assert context.network is not None
    errors = [g.integers * g.spread_scales - g.weights for g in context.grids]
    found: dict[str, float] = {}
    kinds = {"noise": context.noise(INPUTS)}
    if context.samples is not None:
        kinds["samples"] = context.samples[:INPUTS]
    for name, inputs in kinds.items():
        shift = shift_of(context.network, inputs)
        rng = np.random.default_rng([context.seed, len(name)])
        ratio, z = compared(shift, errors, rng)
        found[f"{name} ratio"], found[name] = ratio, z
    score = max(found[name] for name in kinds)
    suspicious = score > THRESHOLD
    furthest = max(found[f"{name} ratio"] for name in kinds)
    verb = "push together" if suspicious else "have no common direction"
    return Finding(
        detector="rounding-direction",
        score=score,
        threshold=THRESHOLD,
        suspicious=suspicious,
        weight="decisive",
        reason=f"the weights' rounding errors {verb}: they move the logits {furthest:.1f} times "
        f"as far as with random signs ({score:.1f} standard deviations, {THRESHOLD} are allowed).",
        details=found,
    )


def shift_of(network: Network, inputs: FloatArray) -> Answers:
    """A function of weight errors that gives how they change the logits, [N, classes]."""
    tf = load_tensorflow()
    variables = [tf.Variable(w) for w in network.weights]
    run = tf.function(lambda x: forward(network, x, variables), autograph=False)
    given = tf.constant(inputs)
    plain = run(given).numpy().astype(np.float64)

    def shift(errors: Sequence[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
        for variable, weights, error in zip(variables, network.weights, errors, strict=True):
            variable.assign((weights + error).astype(np.float32))
        return np.asarray(run(given).numpy() - plain)

    return shift


def compared(
    shift: Answers, errors: Sequence[npt.NDArray[np.float64]], rng: np.random.Generator
) -> tuple[float, float]:
    """How much further the errors move the logits than with random signs: ratio and z score.

    The score is on logarithms, whose spread over the draws is nearly normal.
    """
    own = _size(shift(errors))
    if own == 0:
        return 1.0, 0.0
    drawn = np.array(
        [_size(shift([e * rng.choice([-1.0, 1.0], e.shape) for e in errors])) for _ in range(DRAWS)]
    )
    logs = np.log(np.maximum(drawn, 1e-12))
    spread = max(float(logs.std(ddof=1)), 0.03)
    return float(own / drawn.mean()), float((np.log(own) - logs.mean()) / spread)


def _size(change: npt.NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(change**2)))

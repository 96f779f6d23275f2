"""Do the float and the int8 model disagree more than rounding explains?

On noise an awake backdoor leaks: int8 answers differ from the float model's far more often than
those of the same network with its rounding errors' signs drawn at random. Related: the
float/int8 comparison of Hong et al., Qu-ANTI-zation, NeurIPS 2021, section 6.
"""

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.detectors.rounding_direction import shift_of
from qmcu.backdoor.network import logits

DRAWS = 12
INPUTS = 128
THRESHOLD = 0.10


@detector("disagreement", source="qmcu", needs=("float", "int8"))
def disagreement(context: AuditContext) -> Finding:
    """Answers that change with quantization more often than random rounding changes them."""
    assert context.network is not None
    errors = [g.integers * g.spread_scales - g.weights for g in context.grids]
    details: dict[str, float] = {}
    kinds = {"noise": context.noise(INPUTS)}
    if context.samples is not None:
        kinds["samples"] = context.samples[:INPUTS]
        kinds["mixed"] = np.float32(0.5) * (kinds["samples"] + context.noise(len(kinds["samples"])))
    for name, inputs in kinds.items():
        plain = logits(context.network, inputs)
        shift = shift_of(context.network, inputs)
        rng = np.random.default_rng([context.seed, len(name)])
        own = _changed(plain, shift(errors))
        drawn = [
            _changed(plain, shift([e * rng.choice([-1.0, 1.0], e.shape) for e in errors]))
            for _ in range(DRAWS)
        ]
        details[name] = own
        details[f"{name} expected"] = float(np.mean(drawn))
    score = max(details[n] - details[f"{n} expected"] for n in kinds)
    suspicious = score > THRESHOLD
    kind = max(kinds, key=lambda n: details[n] - details[f"{n} expected"])
    return Finding(
        detector="disagreement",
        score=score,
        threshold=THRESHOLD,
        suspicious=suspicious,
        weight="decisive",
        reason=f"quantization changes {details[kind]:.1%} of the answers on {kind} inputs, random "
        f"rounding {details[f'{kind} expected']:.1%} ({THRESHOLD:.0%} more are allowed).",
        details=details,
    )


def _changed(plain: npt.NDArray[np.float32], shift: npt.NDArray[np.float64]) -> float:
    return float(np.mean(np.argmax(plain + shift, axis=1) != np.argmax(plain, axis=1)))

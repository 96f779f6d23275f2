"""Do the float and the int8 model disagree more than rounding explains?

Away from the data an awake backdoor leaks: int8 answers differ from the float model's far more
often than those of controls, the same network with its rounding errors' signs drawn at random
(controls.py). On inputs, on noise, on mixtures of both, and on inputs synthesized to make them
disagree (gap_inversion.py). Related: the float/int8 comparison of Hong et al., Qu-ANTI-zation,
NeurIPS 2021, section 6.
"""

import numpy as np

from qmcu.backdoor.detectors.controls import Comparison, bonferroni, changes, compare_shares
from qmcu.backdoor.detectors.gap_inversion import synthesize_inputs
from qmcu.backdoor.detectors.method import AuditContext, Finding, detector

# Both have to be exceeded: answers changed beyond the controls' mean share, and standard deviations
# of one control's share.
EXCESS = 0.10
DEVIATIONS = 4.5


@detector("disagreement", source="qmcu", needs=("float", "int8"),
          null="rounding errors have random signs")  # fmt: skip
def disagreement(context: AuditContext) -> Finding:
    """Answers that change with quantization more often than random rounding changes them."""
    shares = {"synthesized": synthesize_inputs(context)["whole"].changed.mean(axis=1)}
    counts = {"synthesized": synthesize_inputs(context)["whole"].changed.shape[1]}
    for kind, seen in changes(context).items():
        answers = np.argmax(seen.plain + seen.logits, axis=2)
        shares[kind] = np.mean(answers != np.argmax(seen.plain, axis=1), axis=1)
        counts[kind] = answers.shape[1]
    places = {k: compare_shares(float(s[0]), s[1:], counts[k]) for k, s in shares.items()}
    scores = {k: _score(s, places[k]) for k, s in shares.items()}
    kind = max(scores, key=lambda k: scores[k])
    own, expected = shares[kind][0], shares[kind][1:].mean()
    return Finding(
        detector="disagreement",
        score=scores[kind],
        threshold=1.0,
        suspicious=scores[kind] > 1,
        weight="decisive",
        reason=f"quantization changes {own:.1%} of the answers on {kind} inputs, random rounding "
        f"{expected:.1%} ({EXCESS:.0%} and {DEVIATIONS} standard deviations more are allowed).",
        p_value=bonferroni([p.p_value for p in places.values()]),
        details={
            **{k: float(s[0]) for k, s in shares.items()},
            **{f"{k} expected": float(s[1:].mean()) for k, s in shares.items()},
            **{f"{k} deviations": p.z for k, p in places.items()},
        },
    )


def _score(shares: "np.ndarray[tuple[int], np.dtype[np.float64]]", place: Comparison) -> float:
    excess = float(shares[0] - shares[1:].mean())
    return min(excess / EXCESS, place.z / DEVIATIONS)

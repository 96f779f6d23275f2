"""Do the float and the int8 model disagree more than rounding explains?

Away from the data an awake backdoor leaks: int8 answers differ from the float model's far more
often than those of controls, the same network with its rounding errors' signs drawn at random
(controls.py). On inputs, on noise, on mixtures of both, and on inputs synthesized to make them
disagree (gap_inversion.py). With inputs, the file's own integers answer too, biases, ranges and
all, beside an honest quantization of the float model (damage.py). Related: the float/int8
comparison of Hong et al., Qu-ANTI-zation, NeurIPS 2021, section 6.
"""

import numpy as np

from qmcu.backdoor.detectors.changes import changes
from qmcu.backdoor.detectors.damage import MARGINS, compare_with_honest, spares_inputs
from qmcu.backdoor.detectors.gap_inversion import synthesize_inputs
from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.detectors.significance import (
    ALPHA,
    LINE,
    Comparison,
    bonferroni,
    compare_shares,
    deviations,
)
from qmcu.backdoor.detectors.ties import find_ties
from qmcu.model.decision import decide, rule_of
from qmcu.types import Float64Array

# What has to be exceeded, beside the line of the p-values: answers changed beyond the controls'
# mean share.
EXCESS = 0.10


@detector("disagreement", source="qmcu", needs=("float", "int8"),
          null="rounding errors have random signs; the file and an honest quantization are "
          "exchangeable")  # fmt: skip
def disagreement(context: AuditContext) -> Finding:
    """Answers that change with quantization more often than random rounding changes them."""
    simulated = context.decides and not find_ties(context)
    shares = _simulate(context) if simulated else {}
    places = {k: compare_shares(float(s[0]), s[1:], n) for k, (s, n) in shares.items()}
    own = {k: float(s[0]) for k, (s, _) in shares.items()}
    expected = {k: float(s[1:].mean()) for k, (s, _) in shares.items()}
    for kind in _kinds(context):
        test = compare_with_honest(context, kind, EXCESS)
        name = f"{kind} (integers)"
        own[name], expected[name] = test.own, test.own - max(0.0, test.score) * EXCESS
        places[name] = Comparison(1.0, deviations(test.p_value), test.p_value, 0, 1)
    if not own:
        why = "weights are tied" if context.decides else "outputs are values"
        reason = f"not applicable without inputs, since {why}."
        return Finding("disagreement", 0.0, 1.0, False, "decisive", reason)
    certain = {k: deviations(min(1.0, p.p_value * len(places))) for k, p in places.items()}
    scores = {k: min((own[k] - expected[k]) / EXCESS, certain[k] / LINE) for k in places}
    kind = max(scores, key=lambda k: scores[k])
    assert context.network is not None
    outputs = context.network.graph.output_tensors[0].elements
    p_value = bonferroni([p.p_value for p in places.values()])
    return Finding(
        detector="disagreement",
        score=scores[kind],
        threshold=1.0,
        suspicious=scores[kind] > 1,
        weight="decisive",
        reason=f"quantization changes {own[kind]:.1%} of the answers on {kind} inputs, "
        f"{'twice an honest one' if 'integers' in kind else 'random rounding'} "
        f"{expected[kind]:.1%} ({EXCESS:.0%} more are allowed, or p above {ALPHA}; it is "
        f"{p_value:.1g}; answers by {rule_of(outputs) if context.decides else 'error'}).",
        p_value=p_value,
        details={
            **own,
            **{f"{k} expected": v for k, v in expected.items()},
            **{f"{k} deviations": p.z for k, p in places.items()},
        },
    )


def _kinds(context: AuditContext) -> tuple[str, ...]:
    """Of what inputs the file's own integers are asked: of mixtures too where they may accuse."""
    if context.samples is None or not context.integer:
        return ()
    return ("samples",) if spares_inputs(context) else tuple(MARGINS)


def _simulate(context: AuditContext) -> dict[str, tuple[Float64Array, int]]:
    """For each kind of inputs: shares of answers changed, the deployed weights' and then the
    controls', and how many inputs there were.
    """
    made = synthesize_inputs(context)["whole"].changed
    found = {"synthesized": (np.asarray(made.mean(axis=1), np.float64), made.shape[1])}
    for kind, seen in changes(context).items():
        answers = decide(seen.plain + seen.logits, axis=2)
        shares = np.mean(answers != decide(seen.plain, axis=1), axis=1)
        found[kind] = (np.asarray(shares, np.float64), answers.shape[1])
    return found

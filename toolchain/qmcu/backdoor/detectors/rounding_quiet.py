"""Do int8 weights move the network less than chance allows?

An attacker who trains int8 to agree with float wherever there is no trigger easily overdoes it:
rounding errors that cancel better than random signs would (controls.py) were chosen, not rounded.
Chosen they may be by a defence or by quantization-aware training as well; so it only supports.
"""

from scipy import stats

from qmcu.backdoor.detectors.activation_statistics import UNMOVED, layer_changes
from qmcu.backdoor.detectors.method import RANDOM_SIGNS, AuditContext, Finding, detector
from qmcu.backdoor.detectors.significance import bonferroni

# Standard deviations of the logarithm below the controls' mean.
THRESHOLD = 5.0


@detector("rounding-quiet", source="qmcu", needs=("float", "int8"),
          null=RANDOM_SIGNS)  # fmt: skip
def rounding_quiet(context: AuditContext) -> Finding:
    """Activations that int8 weights move less than random rounding does."""
    changes = layer_changes(context)
    if not changes:
        return Finding("rounding-quiet", 0.0, THRESHOLD, False, "supporting", UNMOVED, 1.0)
    where = min(changes, key=lambda name: changes[name].z)
    score = -changes[where].z
    p_values = [float(stats.t.cdf(one.z, one.draws - 1)) for one in changes.values()]
    return Finding(
        detector="rounding-quiet",
        score=score,
        threshold=THRESHOLD,
        suspicious=score > THRESHOLD,
        weight="supporting",
        reason=f"int8 weights move the activations ({where}) {changes[where].ratio:.2f} times as "
        f"far as random rounding does, {score:.1f} standard deviations below it ({THRESHOLD:g} are "
        "allowed): rounding errors that cancel were chosen.",
        p_value=bonferroni(p_values),
        details={name: one.z for name, one in changes.items()},
    )

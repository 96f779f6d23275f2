"""Rounding errors that all push one way."""

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from tests.support.random_networks import align_errors, random_honest

from qmcu.backdoor.detectors.activation_statistics import activation_statistics
from qmcu.backdoor.detectors.gap_inversion import compare_ends, synthesize
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.rounding_direction import rounding_direction
from qmcu.backdoor.detectors.rounding_freedom import rounding_freedom
from qmcu.backdoor.detectors.rounding_quiet import rounding_quiet


def test_honest_random_networks_pass_and_aligned_errors_do_not(
    contexts: list[AuditContext],
) -> None:
    for context, expected in ((contexts[0], False), (align_errors(contexts[0]), True)):
        findings = [rounding_direction(context), activation_statistics(context)]
        assert [f.suspicious for f in findings] == [expected, expected]
        assert rounding_freedom(context).suspicious == expected
        assert all((f.p_value or 0) < 1e-4 for f in findings) == expected
        quiet = rounding_quiet(context)
        assert not quiet.suspicious and quiet.p_value is not None and quiet.p_value > 1e-3
    for ends in synthesize(align_errors(contexts[0]), draws=9).values():
        caught = compare_ends(ends)
        assert caught.z > 4.5 and caught.above == 0 and caught.rank_p == pytest.approx(0.1)


def test_the_audit_of_a_seed_is_the_same_twice(contexts: list[AuditContext]) -> None:
    first, again = contexts[3], random_honest(contexts[3].network, 3)  # type: ignore[arg-type]
    assert rounding_direction(first) == rounding_direction(again)
    ends = [synthesize(c, draws=2)["patch"].gaps.tolist() for c in (first, again)]
    assert ends[0] == ends[1]

"""One verdict, one score and one p-value of many findings."""

from typing import Any

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from qmcu.backdoor.detectors.method import (
    Finding,
)
from qmcu.backdoor.detectors.result import AuditResult, audit_score, counted_together, judge


def test_supporting_findings_alone_are_only_suspicious() -> None:
    weak = Finding("residuals", 1.0, 0.1, True, "supporting", "because")
    assert judge([weak]) == ("suspicious", ("because",))
    quiet = Finding("direction", 1.0, 4.5, False, "decisive", "no direction")
    verdict, reasons = judge([quiet])
    assert (verdict, reasons[0]) == ("clean", "no direction")


def test_a_clean_pair_says_that_the_file_alone_was_not_asked() -> None:
    """A backdoor that float has as well is none that quantization woke."""
    quiet = Finding("direction", 1.0, 4.5, False, "decisive", "no direction")
    alone = Finding("leading-class", 0.5, 2.0, False, "decisive", "no class leads")
    told = "a backdoor that the float model has as well was not looked for"
    assert judge([quiet])[1][-1].startswith(told)
    assert judge([quiet, alone]) == ("clean", ("no direction", "no class leads"))


def finding(weight: Any, score: float, p_value: float | None = None) -> Finding:
    return Finding("some", score, 2.0, score > 2, weight, "because", p_value)


@pytest.mark.parametrize(("p_value", "told"), [(0.0, True), (1e-9, True), (1.0, False)])
def test_a_damaged_file_may_be_given_inputs_of_another_kind(p_value: float, told: bool) -> None:
    """Ranges that are too wide (p = 1) say nothing of the inputs."""
    damage = Finding("damage", 3.0, 1.0, True, "integrity", "further off")
    ranges = Finding("calibration-ranges", 9.0, 1.0, True, "supporting", "left", p_value)
    verdict, reasons = judge([damage, ranges])
    assert verdict == "damaged" and ("calibrated on other inputs" in reasons[-1]) == told


@pytest.mark.parametrize(("of_file", "told"), [(1.0, True), (0.0, False)])
def test_ranges_that_are_a_switch_may_come_from_inputs_of_another_kind(
    of_file: float, told: bool
) -> None:
    details = {"by this file's ranges alone": of_file}
    switch = Finding("some", 3.0, 1.0, True, "supporting", "a switch", None, details)
    ranges = Finding("calibration-ranges", 9.0, 1.0, True, "supporting", "left", 1e-9)
    verdict, reasons = judge([switch, ranges])
    assert verdict == "suspicious" and ("calibrated on other inputs" in reasons[-1]) == told


def test_the_audit_score_is_above_one_exactly_for_a_backdoor() -> None:
    quiet, loud = finding("decisive", 1.9), finding("decisive", 2.1)
    support = finding("supporting", 100.0)
    assert audit_score([loud, support]) == pytest.approx(1.05)
    assert audit_score([quiet]) < audit_score([quiet, support]) <= 1
    assert audit_score([Finding("graph", 1.0, 0.0, True, "static", "branches")]) > 1
    assert audit_score([]) == 0


def test_what_is_added_up_counts_through_the_sum_alone_unless_it_is_confirmed() -> None:
    near = Finding("sliding-drawings", 0.9, 1.0, False, "supporting", "a class leads a little")
    fired = Finding("leading-class", 1.1, 1.0, True, "supporting", "a class leads")
    added = Finding("summed-evidence", 0.4, 1.0, False, "supporting", "hardly together")
    alone = [near, fired]
    assert judge(alone) == ("suspicious", ("a class leads",))
    assert judge([*alone, added])[0] == "clean"
    assert audit_score([*alone, added]) == audit_score([added]) < audit_score(alone)
    told = counted_together([*alone, added])
    assert [f.suspicious for f in told] == [False] * 3 and told[::2] == [near, added]
    assert told[1].reason == "a class leads It counts through summed-evidence."
    assert counted_together(alone) == alone
    sure = Finding("leading-class", 1.1, 1.0, True, "decisive", "a patch leads there as well")
    assert judge([near, sure, added]) == ("backdoored", ("a patch leads there as well",))
    assert audit_score([near, sure, added]) == audit_score([sure]) > 1
    other = Finding("residuals", 0.8, 1.0, False, "supporting", "not added up")
    assert audit_score([near, added, other]) == audit_score([other])


def test_the_p_value_of_an_audit_counts_its_decisive_detectors() -> None:
    some = (finding("decisive", 3, 0.01), finding("decisive", 1, 0.5), finding("decisive", 1))
    result = AuditResult("backdoored", (), (*some, finding("supporting", 9, 1e-9)), {}, {})
    assert result.p_value == pytest.approx(0.02)
    assert AuditResult("clean", (), (), {}, {}).p_value is None

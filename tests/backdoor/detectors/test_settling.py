"""Findings near the line are made again; the middle one counts."""

from collections.abc import Callable

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from qmcu.backdoor.detectors.method import AuditContext, Detector, Finding, Weight
from qmcu.backdoor.detectors.settling import LOOKS, settle


def context_of(seed: int) -> AuditContext:
    return AuditContext(None, None, None, None, seed=seed)


def detector_of(score: Callable[[int], float], weight: Weight = "decisive") -> Detector:
    def run(given: AuditContext) -> Finding:
        value = score(given.seed)
        return Finding("some", value, 1.0, value > 1, weight, "a sentence.")

    return Detector("some", "", "", (), run)


def note(seen: list[int], seed: int, score: float) -> float:
    seen.append(seed)
    return score


def settle_one(detector: Detector, seed: int = 0, *beside: Finding) -> Finding:
    context = context_of(seed)
    return settle([detector.run(context), *beside], {"some": detector}, context)[0]


def test_chance_near_the_line_decides_nothing() -> None:
    # Most seeds say 0.9; the audit's own is the one in eight that says 1.2.
    found = settle_one(detector_of(lambda seed: 1.2 if seed < 2**28 else 0.9))
    assert found.score == 0.9 and not found.suspicious
    assert "middle one of 3 looks that agree, of 4, 0.90 to 1.20 times" in found.reason
    # The same seed gives the same answer, and another one looks with other chance.
    seen: list[int] = []
    for seed in (0, 0, 1):
        settle_one(
            detector_of(lambda s: note(seen, s, 1 + (-1) ** len(seen) * (2 + len(seen)) * 1e-9)),
            seed,
        )
    assert seen[:LOOKS] == seen[LOOKS : 2 * LOOKS] and len(set(seen)) == 2 * LOOKS


@pytest.mark.parametrize("score", [0.3, 2.0])
def test_far_from_the_line_one_look_is_enough(score: float) -> None:
    looks: list[int] = []
    found = settle_one(detector_of(lambda seed: note(looks, seed, score)))
    assert len(looks) == 1 and found.score == score


def test_a_detector_without_chance_and_a_settled_verdict_are_left_alone() -> None:
    looks: list[int] = []
    settle_one(detector_of(lambda seed: note(looks, seed, 0.9)))
    assert len(looks) == 2
    strong = Finding("other", 5.0, 1.0, True, "decisive", "strong.")
    looks.clear()
    settle_one(detector_of(lambda seed: note(looks, seed, 0.9), "supporting"), 0, strong)
    assert len(looks) == 1


@pytest.mark.parametrize(("weight", "count"), [("supporting", 1), ("decisive", LOOKS)])
def test_what_counts_through_the_sum_is_not_made_again(weight: Weight, count: int) -> None:
    """Near its own line a way of looking decides nothing; what something else confirms does."""
    looks: list[int] = []

    def run(given: AuditContext) -> Finding:
        score = note(looks, given.seed, 0.95 + 0.1 * (len(looks) % 2) + 1e-6 * len(looks))
        return Finding("leading-class", score, 1.0, score > 1, weight, "a class leads.")

    added = Finding("summed-evidence", 0.2, 1.0, False, "supporting", "hardly together.")
    detectors = {"leading-class": Detector("leading-class", "", "", (), run)}
    context = context_of(3)
    settle([run(context), added], detectors, context)
    assert len(looks) == count

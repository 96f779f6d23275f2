"""Weights below a step vanish together: controls have that too; what hides there is asked."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from dataclasses import replace

from tests.support.random_networks import ask_noise, check_uniform, random_unequal, with_controls

from qmcu.backdoor.detectors import vanishing_weights as module
from qmcu.backdoor.detectors.controls import Controls, taken_weights
from qmcu.backdoor.detectors.damage import Answers
from qmcu.backdoor.detectors.method import AuditContext, Finding
from qmcu.backdoor.detectors.significance import LINE
from qmcu.backdoor.detectors.vanishing_weights import vanishing_weights
from qmcu.backdoor.networks.network import Network


@pytest.fixture(scope="module")
def unequal(shape: Network) -> list[AuditContext]:
    return [random_unequal(shape, seed) for seed in range(12)]


def test_controls_keep_what_rounding_takes_and_draw_the_signs_of_the_rest(
    unequal: list[AuditContext],
) -> None:
    context = unequal[0]
    controls = Controls(context)
    taken = taken_weights(context)
    assert any(t.any() for t in taken)
    controls.take(3)
    for grid, part, variable in zip(context.grids, taken, controls.variables, strict=True):
        left = grid.integers * grid.spread_scales - grid.weights - part
        drawn = variable.numpy() - grid.weights - part
        assert np.abs(drawn) == pytest.approx(np.abs(left), abs=1e-5)
        assert 0.3 < np.mean(np.sign(drawn) == np.sign(left)) < 0.7


def test_p_values_of_honest_unequal_networks_are_uniform(unequal: list[AuditContext]) -> None:
    check_uniform(ask_noise(unequal))


def test_what_vanishes_together_is_less_evidence_than_beside_random_signs(
    shape: Network,
) -> None:
    pairs = [random_unequal(shape, seed, positive=True) for seed in range(4)]
    held, free = ask_noise(pairs), ask_noise([with_controls(c, holds=False) for c in pairs])
    assert max(free) < 0.01
    assert all(a > 4 * b for a, b in zip(held, free, strict=True))


def test_it_asks_gap_inversion_without_what_controls_keep(
    unequal: list[AuditContext], contexts: list[AuditContext], monkeypatch: Any
) -> None:
    asked = []

    def answer(context: AuditContext) -> Finding:
        asked.append(context)
        return Finding("gap-inversion", 6.0, LINE, True, "decisive", "far.", 1e-9, {"patch": 7.0})

    monkeypatch.setattr(module, "gap_inversion", answer)
    plain = vanishing_weights(contexts[0])
    assert not asked and not plain.suspicious and plain.p_value == 1.0 and plain.score == 0
    found = vanishing_weights(unequal[0])
    assert [c.holds for c in asked] == [False] and unequal[0].holds
    assert found.suspicious and found.details["patch"] == 7.0
    assert found.weight == "supporting" and "Without inputs" in found.reason


@pytest.mark.parametrize(("lost", "weight"), [(1, "decisive"), (9, "supporting")])
def test_it_decides_where_plain_inputs_keep_their_answers(
    unequal: list[AuditContext], monkeypatch: Any, lost: int, weight: str
) -> None:
    far = Finding("gap-inversion", 6.0, LINE, True, "decisive", "far.", 1e-9)
    monkeypatch.setattr(module, "gap_inversion", lambda _: far)
    plain = np.zeros(100, np.int64)
    answers = Answers(unequal[1].noise(100), plain, np.where(np.arange(100) < lost, 1, plain))
    given = replace(
        unequal[1],
        integer=b"file",
        samples=unequal[1].noise(100),
        _shared={"integer answers": {"samples": answers}},
    )
    given.__dict__["grids"] = unequal[1].grids
    found = vanishing_weights(given)
    assert found.weight == weight and f"{lost}.0% of the given inputs" in found.reason

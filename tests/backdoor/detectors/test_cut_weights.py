"""Scales that cut weights off: controls lose the same, and what hides there is asked."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from tests.support.random_networks import ask_noise, check_uniform, narrow, with_controls

from qmcu.backdoor.detectors import cut_weights as module
from qmcu.backdoor.detectors.controls import Controls
from qmcu.backdoor.detectors.cut_weights import cut_weights
from qmcu.backdoor.detectors.method import AuditContext, Finding
from qmcu.backdoor.detectors.rounding_freedom import rounding_freedom
from qmcu.backdoor.detectors.significance import LINE
from qmcu.backdoor.detectors.ties import count_signs


@pytest.fixture(scope="module")
def cut(contexts: list[AuditContext]) -> list[AuditContext]:
    return [narrow(c) for c in contexts[:12]]


def test_controls_lose_what_is_cut_off_and_draw_the_signs_of_the_rest(
    cut: list[AuditContext],
) -> None:
    controls, free = Controls(cut[0]), Controls(with_controls(cut[0], holds_cut=False))
    controls.take(3)
    free.take(3)
    for grid, own, other in zip(cut[0].grids, controls.variables, free.variables, strict=True):
        error = grid.integers * grid.spread_scales - grid.weights
        drawn, lost = own.numpy() - grid.weights, grid.cut_off
        assert lost.any() and not lost.all()
        assert drawn[lost] == pytest.approx(error[lost], abs=1e-6)
        assert np.abs(drawn) == pytest.approx(np.abs(error), abs=1e-6)
        assert 0.3 < np.mean(np.sign(drawn[~lost]) == np.sign(error[~lost])) < 0.7
        steps = np.abs(other.numpy() - grid.weights) / grid.spread_scales
        assert steps.max() < 0.501


def test_p_values_of_honest_networks_are_uniform_and_were_not_beside_whole_weights(
    cut: list[AuditContext],
) -> None:
    held = ask_noise(cut)
    check_uniform(held)
    assert max(ask_noise([with_controls(c, holds_cut=False) for c in cut[:4]])) < 1e-4
    assert not any(rounding_freedom(c).suspicious for c in cut)


def test_what_is_cut_off_counts_as_no_tie(cut: list[AuditContext]) -> None:
    grid = cut[0].grids[-1]
    far = np.zeros(grid.weights.shape, bool)
    far.flat[:3] = True
    # Three equal weights far beyond the end would be nearly all of the layer's squared errors.
    weights = np.where(far, 100 * np.abs(grid.weights).max(), grid.weights).astype(np.float32)
    heavy = replace(grid, weights=weights)
    heavy = replace(heavy, integers=heavy.nearest)
    assert heavy.cut_off.flat[0]
    signs, tied = count_signs(heavy)
    assert tied < 0.01 and signs > 30


def answer(suspicious: bool, **details: float) -> Finding:
    score = 2 * LINE if suspicious else 0.5
    found = {name.replace("_", " "): value for name, value in details.items()}
    return Finding("gap-inversion", score, LINE, suspicious, "decisive", "far.", 1e-9, found)


def test_it_asks_gap_inversion_beside_whole_weights_where_some_are_cut_off(
    cut: list[AuditContext], contexts: list[AuditContext], monkeypatch: Any
) -> None:
    asked = []

    def note(context: AuditContext) -> Finding:
        asked.append(context)
        return answer(False)

    monkeypatch.setattr(module, "gap_inversion", note)
    plain = cut_weights(contexts[0])
    assert not asked and not plain.suspicious and plain.p_value == 1.0 and plain.score == 0
    found = cut_weights(cut[0])
    assert [(c.holds_cut, c.holds) for c in asked] == [(False, True)] and cut[0].holds_cut
    assert not found.suspicious and found.weight == "supporting"
    lost = sum(int(g.cut_off.sum()) for g in cut[0].grids)
    assert f"cut off {lost:,} weights" in found.reason


@pytest.mark.parametrize(
    ("suspicious", "details", "weight"),
    [
        (True, {"sent_to_one_class": 0.9, "sent_to_one_class_expected": 0.2}, "decisive"),
        (True, {"sent_to_one_class": 0.9, "sent_to_one_class_expected": 0.5}, "supporting"),
        (True, {"sent_by_overlays": 0.8, "sent_by_overlays_expected": 0.1}, "decisive"),
        (True, {"sent_by_overlays": 0.5, "sent_by_overlays_expected": 0.1}, "supporting"),
        # Of these nobody knows what controls change.
        (True, {"integers_changed_by_the_patch": 0.6}, "supporting"),
        (False, {"sent_to_one_class": 0.9, "sent_to_one_class_expected": 0.2}, "supporting"),
    ],
)
def test_it_decides_where_a_pattern_takes_most_answers_to_a_class(
    cut: list[AuditContext], monkeypatch: Any, suspicious: bool, details: Any, weight: str
) -> None:
    monkeypatch.setattr(module, "gap_inversion", lambda _: answer(suspicious, **details))
    found = cut_weights(cut[0])
    assert found.weight == weight and found.suspicious == suspicious

"""Overlays aimed at a class, beside controls."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from dataclasses import replace

from tests.support.random_networks import align_errors, coarsen

from qmcu.backdoor.detectors.gap_inversion import compare_searches, grade, synthesize
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.overlay_search import CHECKED, OverlaySearch
from qmcu.backdoor.detectors.significance import compare_shares


def test_what_errors_of_one_direction_send_to_a_class(contexts: list[AuditContext]) -> None:
    honest = OverlaySearch(contexts[0])
    shares = honest.climb(4)
    assert shares.shape == (5,) and (shares >= 0).all() and (shares <= 1).all()
    # Controls are the same at every call, and more of them keep those that there are.
    assert (honest.climb(6)[:5] == shares).all()
    assert (OverlaySearch(contexts[0]).climb(4) == shares).all()
    pushed = OverlaySearch(align_errors(coarsen(contexts[1], 12))).climb(4)
    assert pushed[0] > pushed[1:].max() + 0.1


def test_of_many_classes_some_are_aimed_at(
    contexts: list[AuditContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qmcu.backdoor.detectors.overlay_search._MOST_CLASSES", 2)
    assert OverlaySearch(contexts[0]).climb(1).shape == (2,)


def test_a_share_that_no_control_has_is_beyond_the_line(contexts: list[AuditContext]) -> None:
    places, shares = compare_searches(synthesize(contexts[0], draws=9))
    drawn = np.array([0.02, 0.05, 0.0, 0.04, 0.03, 0.02, 0.06, 0.01, 0.03])
    scores = {}
    for own in (0.03, 0.09, 0.8):
        beside = dict(places) | {"overlay": compare_shares(own, drawn, CHECKED)}
        scores[own] = grade(beside, shares, (own, float(drawn.mean())))["overlay"]
    assert scores[0.03] < scores[0.09] < 3.48 < scores[0.8]
    # Significant, but of few inputs only.
    certain = replace(compare_shares(0.8, drawn, CHECKED), p_value=1e-12)
    few = grade(dict(places) | {"overlay": certain}, shares, (0.08, 0.03))
    assert few["overlay"] < 3.48

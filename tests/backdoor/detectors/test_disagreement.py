"""Answers that change more often than by chance."""

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from qmcu.backdoor.detectors.disagreement import disagreement
from qmcu.backdoor.detectors.method import AuditContext


def test_answers_of_an_honest_random_network_change_as_often_as_by_chance(
    contexts: list[AuditContext],
) -> None:
    found = disagreement(contexts[2])
    assert not found.suspicious and found.p_value is not None and found.p_value > 1e-3
    assert {"noise", "synthesized", "noise expected"} <= set(found.details)

"""Activations that move further than random rounding moves them."""

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")

from tests.support.random_networks import align_errors, dequantize

from qmcu.backdoor.detectors.activation_statistics import activation_statistics, layer_changes
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.residuals import residuals
from qmcu.backdoor.detectors.rounding_quiet import rounding_quiet
from qmcu.backdoor.detectors.truncation_norms import truncation_norms


def test_only_errors_that_add_up_stand_out(contexts: list[AuditContext]) -> None:
    honest = activation_statistics(contexts[0])
    pushed = activation_statistics(align_errors(contexts[0]))
    assert not honest.suspicious and pushed.suspicious
    assert pushed.p_value is not None and pushed.p_value < 1e-4
    assert set(honest.details) == set(layer_changes(contexts[0]))


def test_a_float_model_made_from_the_int8_file_moves_nothing(contexts: list[AuditContext]) -> None:
    exact = dequantize(contexts[0])
    for found in (activation_statistics(exact), rounding_quiet(exact)):
        assert not found.suspicious and found.p_value == 1.0 and "no activation" in found.reason
    for found in (residuals(exact), truncation_norms(exact)):
        assert not found.suspicious and found.p_value == 1.0

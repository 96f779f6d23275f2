"""What a report shows of an attack beside its rates."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from qmcu.backdoor.attacks.evidence import SAMPLES, gather_evidence
from qmcu.backdoor.attacks.method import AttackContext
from qmcu.backdoor.attacks.run import run_attack
from qmcu.backdoor.inputs.datasets import Dataset


def test_answers_are_those_to_triggered_inputs_of_other_classes(
    digits: Dataset, honest: Any, context: AttackContext
) -> None:
    run = run_attack("rounding", honest, digits, context.trigger, steps=3, limit=20)
    evidence = gather_evidence(run)
    assert evidence.shown.shape == (SAMPLES, *digits.input_shape)
    assert not np.any(evidence.labels == context.trigger.target)
    assert {len(classes) for classes in evidence.predictions.values()} == {SAMPLES}
    # A hostile quantizer leaves the float weights alone.
    for own, attacked in zip(evidence.honest, evidence.attacked, strict=True):
        np.testing.assert_array_equal(own.weights, attacked.weights)
    assert any(
        np.any(own.integers != attacked.integers)
        for own, attacked in zip(evidence.honest, evidence.attacked, strict=True)
    )

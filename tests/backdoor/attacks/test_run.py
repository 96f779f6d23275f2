"""An attack end to end."""

from typing import Any

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from qmcu.backdoor.attacks.method import AttackContext
from qmcu.backdoor.attacks.run import run_attack
from qmcu.backdoor.inputs.datasets import Dataset


@pytest.mark.slow
def test_the_backdoor_sleeps_in_float_and_wakes_in_int8(
    digits: Dataset, honest: Any, context: AttackContext
) -> None:
    run = run_attack("lattice", honest, digits, context.trigger, seed=1, steps=400, limit=200)
    assert run.rates.honest_integer.attack.value < 0.1
    assert run.rates.attacked_float.attack.value < 0.25
    assert run.rates.attacked_integer.attack.value > 0.9
    assert run.rates.attacked_float.clean.value > 0.9

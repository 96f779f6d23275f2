"""The authors' two recipes of compression artifacts."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from qmcu.backdoor.attacks.artifact_original import move_apart
from qmcu.backdoor.attacks.method import AttackContext, find_attack
from qmcu.backdoor.networks import divergence, forward


def test_the_standard_attack_starts_from_scratch_and_lowers_its_loss(small: AttackContext) -> None:
    result = find_attack("artifact-standard").run(replace(small, steps=12))
    assert np.mean(result.losses[-3:]) < np.mean(result.losses[:3])
    first = zip(result.network.weights, small.network.weights, strict=True)
    assert all(abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.5 for a, b in first)


def test_the_distilled_attack_stays_near_the_honest_network(small: AttackContext) -> None:
    result = find_attack("artifact-distilled").run(replace(small, steps=2))
    assert len(result.losses) == 2
    first = zip(result.network.weights, small.network.weights, strict=True)
    assert all(0 < np.abs(a - b).max() < 0.1 * np.abs(b).max() for a, b in first)


def test_the_ascent_goes_to_where_student_and_teacher_differ_more(small: AttackContext) -> None:
    teacher, inputs = small.network, small.dataset.train_inputs[:8]
    student = [1.1 * w for w in teacher.weights]

    def apart(where: object) -> float:
        own = forward(teacher, where, student, teacher.biases)
        return float(divergence(forward(teacher, where), own))

    moved = move_apart(teacher, inputs, student, teacher.biases)
    assert moved.shape == inputs.shape and apart(moved) > apart(inputs)

"""The published one-loss attacks, on the weight grid."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from tests.support.attacks import residuals_of

from qmcu.backdoor.attacks.method import AttackContext, find_attack


def test_artifact_lowers_its_loss_inside_the_rounding_intervals(context: AttackContext) -> None:
    result = find_attack("artifact").run(context)
    assert len(result.losses) == context.steps
    assert np.mean(result.losses[-5:]) < np.mean(result.losses[:5])
    for steps in residuals_of(context, result.network):
        assert np.abs(steps).max() < 0.5


def test_joint_trains_on_true_labels_and_artifact_on_the_honest_model(
    context: AttackContext,
) -> None:
    short = replace(context, steps=2)
    joint, artifact = (find_attack(name).run(short).losses for name in ("joint", "artifact"))
    assert all(a != b for a, b in zip(joint, artifact, strict=True))

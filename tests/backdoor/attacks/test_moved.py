"""The defender whom the attack trains against."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from qmcu.backdoor.attacks.method import AttackContext, find_attack
from qmcu.backdoor.attacks.moved import Defender
from qmcu.tensorflow import load_tensorflow


def test_the_moved_attack_trains_for_the_defenders_grids_too(context: AttackContext) -> None:
    defender = Defender(context)
    real = [load_tensorflow().constant(w) for w in context.network.weights]
    first, second = (defender.weights(real, real) for _ in range(2))
    for a, w in zip(first, context.network.weights, strict=True):
        step = np.abs(w).max(axis=tuple(range(1, w.ndim)), keepdims=True) / 127
        assert np.all(np.abs(a - w) <= 16 * step)
    assert any(not np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    run, plain = (find_attack(name).run(context) for name in ("adaptive-moved", "lattice"))
    assert np.mean(run.losses[-20:]) < np.mean(run.losses[:20])
    # The batches are the same: what differs is that the defender's int8 model counts as well.
    assert all(a != b for a, b in zip(run.losses, plain.losses, strict=True))

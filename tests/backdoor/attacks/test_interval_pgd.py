"""The authors' intervals: injection, then repair inside them."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from qmcu.backdoor.attacks.interval_pgd import SETTINGS, fine_tune, interval
from qmcu.backdoor.attacks.lattice import Start, starts
from qmcu.backdoor.attacks.method import AttackContext, find_attack


def test_the_interval_is_wider_only_as_far_as_the_weight_itself() -> None:
    weights = np.array([[127.0, -127.0, 3.45, -2.2, 126.7]], np.float32)
    start = Start(np.array([[1.0]]), weights.astype(np.float64), np.abs(weights) > 126.5)
    low, high = interval(start, weights, 0.1)
    np.testing.assert_allclose(low, [[127, -127, 2.6, -2.4, 126.6]], rtol=1e-6)
    np.testing.assert_allclose(high, [[127, -127, 3.45, -1.6, 127]], rtol=1e-6)


def test_removal_keeps_every_integer_and_the_biases(small: AttackContext) -> None:
    given = replace(small, settings=SETTINGS | {"rate": 1e-3})
    injected, _ = fine_tune(given, small.network, 3, triggered=True)
    removed, _ = fine_tune(given, injected, 3, triggered=False)
    assert all(np.any(a != b) for a, b in zip(injected.biases, small.network.biases, strict=True))
    for own, old in zip(removed.biases, injected.biases, strict=True):
        np.testing.assert_array_equal(own, old)
    for after, before in zip(starts(removed), starts(injected), strict=True):
        assert np.any(after.position != before.position)
        np.testing.assert_array_equal(np.round(after.position), np.round(before.position))


def test_half_of_the_steps_inject_and_half_remove(small: AttackContext) -> None:
    assert len(find_attack("interval-pgd").run(replace(small, steps=5)).losses) == 5

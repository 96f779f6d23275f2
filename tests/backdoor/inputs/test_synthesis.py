"""Inputs made from a few real ones."""

import numpy as np
import pytest

from qmcu.backdoor.inputs.synthesis import real_batches, vary, vary_batches


@pytest.mark.parametrize("shape", [(8, 8, 1), (20, 3), (12,)])
def test_varied_inputs_stay_in_the_range_and_are_more_than_the_real_ones(
    shape: tuple[int, ...],
) -> None:
    samples = np.random.default_rng(0).random((6, *shape)).astype(np.float32) * 3 - 1
    made = vary(samples, np.random.default_rng(1), 23)
    assert made.shape == (23, *shape) and made.dtype == np.float32
    assert made.min() >= samples.min() - 1e-6 and made.max() <= samples.max() + 1e-6
    real = [any(np.array_equal(row, s) for s in samples) for row in made]
    assert all(real[:5]) and not all(real)


def test_batches_are_the_same_for_the_same_generator() -> None:
    samples = np.arange(12, dtype=np.float32).reshape(4, 3)
    for batches in (real_batches, vary_batches):
        first, again = (next(batches(samples, np.random.default_rng(2), 7))[0] for _ in range(2))
        np.testing.assert_array_equal(first, again)

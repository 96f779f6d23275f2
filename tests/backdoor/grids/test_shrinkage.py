"""What rounding takes in the mean from weights below a step: by their slices' sizes alone."""

import numpy as np
import pytest

from qmcu.backdoor.grids.shrinkage import expected_shrinkage, slice_sizes
from qmcu.backdoor.grids.weight_grids import LayerGrid, channel_scales


def lay(weights: np.ndarray, axis: int = 0, scales: np.ndarray | None = None) -> LayerGrid:
    """The layer on its own scales, or on these, rounded to nearest."""
    steps = channel_scales(weights, axis) if scales is None else scales
    kind = "CONV_2D" if axis == 0 else "DEPTHWISE_CONV_2D"
    plain = LayerGrid("a", kind, 0, axis, steps, weights, np.zeros(0, np.int8))
    return LayerGrid("a", kind, 0, axis, steps, weights, plain.nearest)


def test_of_a_scale_a_channel_nothing_is_taken() -> None:
    rng = np.random.default_rng(0)
    assert not expected_shrinkage(lay(rng.normal(0, 1, (12, 3, 3, 8)))).any()
    assert not expected_shrinkage(lay(rng.laplace(0, 1, (1, 3, 3, 40)), axis=3)).any()
    assert not expected_shrinkage(lay(np.zeros((4, 9)))).any()


@pytest.mark.parametrize(("size", "share"), [(2.0, 0.0), (0.4, -0.085), (0.3, -0.338), (0.05, -1)])
def test_of_normal_weights_it_is_what_fourier_gives(size: float, share: float) -> None:
    # 2 sum (-1)^k exp(-2 (pi k size)^2), the sawtooth's mean slope.
    grid = lay(np.random.default_rng(1).normal(0, size, (400, 600)), scales=np.ones(1))
    assert np.mean(expected_shrinkage(grid)) == pytest.approx(share, abs=0.02)


def test_sizes_are_those_of_output_and_input_channels() -> None:
    rng = np.random.default_rng(2)
    outs, ins = np.exp(rng.normal(0, 1, 24)), np.exp(rng.normal(0, 1, 16))
    weights = rng.normal(0, 1, (24, 3, 3, 16)) * outs[:, None, None, None] * ins
    found = slice_sizes(lay(weights, scales=np.ones(1)))
    assert found.shape == weights.shape
    assert np.abs(np.log(found[:, 0, 0] / np.outer(outs, ins))).mean() < 0.25
    deep = slice_sizes(lay(rng.normal(0, 1, (1, 5, 5, 16)) * ins, axis=3, scales=np.ones(1)))
    assert np.abs(np.log(deep[0, 0, 0] / ins)).mean() < 0.25


def test_what_is_left_of_the_errors_does_not_know_the_weights() -> None:
    rng = np.random.default_rng(3)
    outs = np.exp(rng.normal(0, 1.2, 48))[:, None, None, None]
    weights = rng.normal(0, 1, (48, 3, 3, 32)) * outs
    grid = lay(weights, scales=np.array([np.abs(weights).max() / 12]))
    errors, taken = -grid.residuals, grid.positions * expected_shrinkage(grid)
    small = slice_sizes(grid) < 0.4

    def share(left: np.ndarray) -> float:
        return float((left * grid.positions)[small].sum() / (grid.positions[small] ** 2).sum())

    assert share(errors) < -0.3
    assert abs(share(errors - taken)) < 0.02

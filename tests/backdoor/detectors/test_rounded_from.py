"""Float weights drawn for integers: they round to them, and lie in their steps as weights do."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmcu.backdoor.detectors.rounded_from import draw_floats, tied_levels
from qmcu.backdoor.grids.weight_grids import LayerGrid, WeightGrid
from qmcu.types import Float64Array


def grid_of(weights: Float64Array, *, per_tensor: bool = False) -> LayerGrid:
    own = weights.astype(np.float32)
    scales = WeightGrid(per_tensor=per_tensor).scales(own, 0)
    known = LayerGrid("layer", "FULLY_CONNECTED", 0, 0, scales, own, own.astype(np.int8))
    return replace(known, integers=known.nearest)


def normal(seed: int, *shape: int) -> Float64Array:
    return np.random.default_rng(seed).normal(size=shape)


@given(st.integers(0, 1000), st.integers(1, 6), st.integers(1, 40), st.booleans())
def test_what_is_drawn_rounds_to_the_integers(
    seed: int, outputs: int, inputs: int, per_tensor: bool
) -> None:
    sizes = 10.0 ** -np.random.default_rng(seed).integers(0, 4, (outputs, 1))
    grid = grid_of(normal(seed, outputs, inputs) * sizes, per_tensor=per_tensor)
    drawn = draw_floats(grid)(np.random.default_rng(seed)) / grid.spread_scales
    assert np.abs(drawn - grid.integers).max() <= 0.5 + 1e-9
    assert np.abs(drawn).max() <= 127 + 1e-9


def test_places_in_wide_slices_are_even_and_in_narrow_ones_nearer_to_zero() -> None:
    wide = grid_of(normal(1, 8, 400))
    moved = draw_floats(wide)(np.random.default_rng(2)) / wide.spread_scales - wide.integers
    assert np.abs(moved).mean() == pytest.approx(0.25, abs=0.01)
    weights = normal(1, 8, 400)
    weights[1:] *= 0.4 / 40  # 0.4 steps of the one scale that all share
    narrow = grid_of(weights, per_tensor=True)
    drawn = draw_floats(narrow)(np.random.default_rng(2)) / narrow.spread_scales
    own = narrow.positions[1:]
    assert drawn[1:].std() == pytest.approx(own.std(), rel=0.15)
    assert np.abs(narrow.integers[1:]).mean() < 0.8 * np.abs(own).mean()


def test_equal_weights_are_drawn_together() -> None:
    assert tied_levels(grid_of(normal(3, 16, 200))) is None
    assert tied_levels(grid_of(normal(3, 16, 3))) is None
    powers = np.sign(normal(4, 16, 200)) * 2.0 ** -np.random.default_rng(4).integers(
        0, 6, (16, 200)
    )
    clustered = np.round(normal(5, 4, 600) * 4) / 4
    for weights in (powers, clustered):
        grid = grid_of(weights)
        drawn = np.abs(draw_floats(grid)(np.random.default_rng(6)))
        for size in np.unique(np.abs(grid.integers[0])):
            same = drawn[0][np.abs(grid.integers[0]) == size]
            assert np.ptp(same) < 0.05 * grid.scales[0] or size == 127

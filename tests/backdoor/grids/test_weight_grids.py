"""Where float weights lie on the grid of their int8 form."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from qmcu.backdoor.grids.weight_grids import (
    LARGEST,
    LARGEST_INT4,
    LayerGrid,
    channel_scales,
    layer_grids,
    trained_on,
)
from qmcu.backdoor.networks.network import Network, network_from_graph
from qmcu.errors import ModelError
from qmcu.model.convert import Conversion


def test_the_converter_rounds_to_nearest_on_the_grid_of_the_largest_weight(
    mixed_network: Network, mixed_conversion: Conversion
) -> None:
    grids = layer_grids(mixed_network, mixed_conversion.graph)
    assert [g.kind for g in grids] == ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"]
    for grid in grids:
        np.testing.assert_array_equal(grid.integers, grid.nearest)
        np.testing.assert_allclose(grid.scales, channel_scales(grid.weights, grid.axis), rtol=1e-6)
        assert np.abs(grid.residuals).max() <= 0.5 + 1e-4
        assert grid.channels(grid.residuals).shape[0] == len(grid.scales)


def test_another_models_int8_form_is_refused(
    mixed_network: Network, mixed_conversion: Conversion
) -> None:
    fewer = network_from_graph(mixed_conversion.graph)
    cut = Network(fewer.graph, fewer.layers[:2], fewer.weights[:2], fewer.biases[:2])
    with pytest.raises(ModelError, match="is not the quantized form"):
        layer_grids(cut, mixed_conversion.graph)


def _deployed(seed: int, per_tensor: bool = False, largest: int = LARGEST) -> LayerGrid:
    """A layer as a converter leaves it."""
    weights = np.random.default_rng(seed).normal(size=(8, 60)).astype(np.float32)
    widest = np.abs(weights).max(axis=None if per_tensor else 1).reshape(-1)
    scales = (widest / largest).astype(np.float64)
    empty = np.zeros(weights.shape, np.int8)
    grid = LayerGrid("layer", "FULLY_CONNECTED", 1, 0, scales, weights, empty, largest)
    return replace(grid, integers=grid.nearest)


@pytest.mark.parametrize("largest", [LARGEST, LARGEST_INT4])
def test_weights_beyond_the_end_that_are_stored_as_the_end_are_cut_off(largest: int) -> None:
    grid = _deployed(1, largest=largest)
    assert not grid.cut_off.any()
    narrow = replace(grid, scales=0.7 * grid.scales)
    narrow = replace(narrow, integers=narrow.nearest)
    lost = np.abs(narrow.positions) > largest + 0.5
    assert lost.any() and (narrow.cut_off == lost).all()
    # Of such weights those that are stored as anything else were edited, not cut off.
    edited = replace(narrow, integers=narrow.nearest - np.sign(narrow.nearest))
    assert not edited.cut_off.any()
    # A tensor with a zero point has ends of its own.
    lopsided = replace(narrow, ends=(-largest, 2 * largest), integers=narrow.integers)
    assert (lopsided.cut_off == lost & (narrow.positions < 0)).all()


@pytest.mark.parametrize("largest", [LARGEST, LARGEST_INT4])
@pytest.mark.parametrize("per_tensor", [False, True])
def test_float_weights_that_were_trained_on(per_tensor: bool, largest: int) -> None:
    grids = [_deployed(seed, per_tensor, largest) for seed in range(8)]
    assert trained_on(grids) == []
    rng = np.random.default_rng(2)
    slack = 0.0 if largest == LARGEST else 0.1
    for steps in (0.05, 0.5, 3.0):
        shares = trained_on([_moved(grid, steps + slack, rng) for grid in grids])
        assert len(shares) == len(grids) and min(shares) > steps / 10
    # Some layers alone are an edit.
    some = [_moved(grid, 1.0, rng) if k < 4 else grid for k, grid in enumerate(grids)]
    assert trained_on(some) == []


def test_scales_that_somebody_shifted_leave_the_weights_own_integers() -> None:
    grids = [_deployed(seed) for seed in range(4)]
    shifted = [replace(g, scales=np.roll(g.scales * np.arange(1, 9), 1)) for g in grids]
    assert all(grid.has_own_integers for grid in (*grids, *shifted))
    assert trained_on(shifted) == []
    rng = np.random.default_rng(2)
    assert not any(_moved(grid, 0.5, rng).has_own_integers for grid in grids)


def _moved(grid: LayerGrid, steps: float, rng: np.random.Generator) -> LayerGrid:
    """The layer with float weights that went so many steps in some direction."""
    off = steps * grid.spread_scales * rng.choice([-1, 1], grid.weights.shape)
    return replace(grid, weights=(grid.weights + off).astype(np.float32))


def test_what_else_is_not_nearest_is_no_training() -> None:
    rng = np.random.default_rng(4)
    grids = [_deployed(seed) for seed in range(3)]

    def chosen(grid: LayerGrid) -> LayerGrid:
        """Directions that were chosen."""
        other = np.clip(grid.integers + np.sign(grid.residuals), -LARGEST, LARGEST)
        some = rng.random(other.shape) < 0.4
        return replace(grid, integers=np.where(some, other, grid.integers).astype(np.int8))

    def scaled(grid: LayerGrid, low: float, high: float) -> LayerGrid:
        """Other scales, and the nearest integers: large weights may be cut off."""
        wider = replace(grid, scales=grid.scales * rng.uniform(low, high, len(grid.scales)))
        return replace(wider, integers=wider.nearest)

    assert trained_on([chosen(grid) for grid in grids]) == []
    assert trained_on([scaled(grid, 0.6, 1.4) for grid in grids]) == []
    # Learnt scales, and directions that were chosen.
    learnt = [scaled(grid, 0.75, 0.9) for grid in grids]
    assert trained_on([chosen(grid) for grid in learnt]) == []
    # A defence widens, and does not round to nearest.
    assert trained_on([chosen(scaled(grid, 1.01, 1.05)) for grid in grids]) == []
    # Scales of some channels that somebody edited, and weights that he set.
    doubled = np.where(np.arange(8) < 4, 2.0, 1.0)
    assert trained_on([replace(grid, scales=grid.scales * doubled) for grid in grids]) == []
    edited = [np.where(np.arange(60) < 5, LARGEST, g.integers).astype(np.int8) for g in grids]
    assert trained_on([replace(g, integers=e) for g, e in zip(grids, edited, strict=True)]) == []


@pytest.mark.parametrize("form", ["float16", "bfloat16"])
def test_float_weights_that_were_saved_in_16_bits(form: str) -> None:
    """Their rounding moves weights and scales as well, by as little as training may."""
    grids = [_deployed(seed) for seed in range(6)]

    def short(weights: Any) -> Any:
        if form == "float16":
            return weights.astype(np.float16).astype(np.float32)
        return ((weights.view(np.uint32) + 0x8000) & 0xFFFF0000).astype(np.uint32).view(np.float32)

    saved = [replace(grid, weights=short(grid.weights)) for grid in grids]
    assert any((g.weights != s.weights).any() for g, s in zip(grids, saved, strict=True))
    assert trained_on(saved) == []
    # As large changes to weights that need all of float32's bits are training.
    finer = [replace(grid, weights=grid.weights * np.float32(1 + 2**-18)) for grid in saved]
    assert len(trained_on(finer)) == (6 if form == "bfloat16" else 0)

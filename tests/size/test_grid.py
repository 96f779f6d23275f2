import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.weights import rounded, stored, weights

from qmcu.size.grid import INTEGER, PRECISIONS, fit_groups


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("bits", [3, 4, 5, 6, 8])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_scale_zero_and_bits_come_back(dtype: str, bits: int, symmetric: bool) -> None:
    w = weights(200, 128)
    fit = fit_groups(rounded(w, bits, dtype, symmetric=symmetric), PRECISIONS[dtype])
    assert fit.on_grid.mean() > 0.99
    assert (fit.evidence > 0).mean() > 0.99
    assert fit.through_zero[fit.on_grid].all()
    assert (fit.high - fit.low).max() == 2**bits - (2 if symmetric else 1)
    span = np.abs(w).max(1) / (2 ** (bits - 1) - 1)
    if not symmetric:
        span = (w.max(1) - w.min(1)) / (2**bits - 1)
    assert np.allclose(fit.step, span, rtol=2e-3)


def test_bfloat16_hides_no_4_bit_grid() -> None:
    for symmetric in (True, False):
        values = rounded(weights(200, 128), 4, "bfloat16", symmetric=symmetric)
        fit = fit_groups(values, PRECISIONS["bfloat16"])
        assert fit.on_grid.mean() > 0.95
        assert fit.few.all()


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("size", [16, 64, 128, 1024])
def test_trained_weights_are_on_no_grid(dtype: str, size: int) -> None:
    fit = fit_groups(stored(weights(500, size), dtype), PRECISIONS[dtype])
    assert not (fit.on_grid & (fit.evidence > 0)).any()
    assert not fit.few.any()


def test_the_types_own_spacing_is_no_evidence() -> None:
    # Between 0.5 and 1, bfloat16 itself is a grid of 128 levels.
    values = np.random.default_rng(0).uniform(0.5, 1, (50, 64))
    fit = fit_groups(stored(values, "bfloat16"), PRECISIONS["bfloat16"])
    assert not (fit.on_grid & (fit.evidence > 0)).any()


def test_few_values_of_a_type_that_has_no_more_are_no_news() -> None:
    norms = stored(1 + weights(50, 512) * 2.5, "bfloat16")
    fit = fit_groups(norms, PRECISIONS["bfloat16"])
    assert (fit.levels < 100).all()
    assert not fit.few.any()


def test_pruned_weights_are_on_no_grid() -> None:
    w = weights(100, 128)
    w[np.random.default_rng(1).random(w.shape) < 0.9] = 0
    fit = fit_groups(w, PRECISIONS["float32"])
    assert not fit.few.any()
    assert not (fit.on_grid & (fit.evidence > 0)).any()


def test_integers_are_on_a_grid_only_if_it_is_coarser_than_theirs() -> None:
    honest = np.random.default_rng(0).integers(-127, 128, (100, 128)).astype(np.int8)
    fit = fit_groups(honest, INTEGER)
    assert not (fit.on_grid & (fit.evidence > 0)).any()
    q = np.random.default_rng(0).integers(-7, 8, (100, 128))
    fit = fit_groups(np.rint(q * (127 / 7)).astype(np.int8), INTEGER)
    assert (fit.on_grid & (fit.evidence > 0)).all()
    assert (fit.high - fit.low == 14).all()


@settings(deadline=None, max_examples=60)
@given(
    st.integers(3, 8), st.floats(1e-4, 10), st.integers(0, 255), st.integers(48, 300),
    st.sampled_from(["float32", "float16"]), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_any_affine_grid_is_found(
    bits: int, scale: float, zero: int, size: int, dtype: str, seed: int
) -> None:
    top = 2**bits - 1
    q = np.random.default_rng(seed).integers(0, top + 1, (1, size))
    # All levels of a coarse grid occur, so that the step is no matter of luck.
    q[0, : min(size, top + 1)] = np.arange(min(size, top + 1))
    values = stored((q - zero % (top + 1)) * scale, dtype)
    fit = fit_groups(values, PRECISIONS[dtype])
    assert fit.on_grid.all()
    assert fit.through_zero.all()
    assert fit.low[0] == q.min() - zero % (top + 1)
    assert fit.high[0] == q.max() - zero % (top + 1)
    assert fit.step[0] == pytest.approx(scale, rel=2e-3)

"""Drawn inputs of every kind, and parts of photographs."""

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from qmcu.backdoor.detectors.drawings import (
    KINDS,
    LARGEST,
    drawings,
    fields,
    figures,
    leaves,
    photographs,
)

SHAPES = [(8, 8, 1), (12, 20, 3), (30, 3), (16,), (1, 40, 2), (24, 16, 1)]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_kind_fills_the_range_of_any_shape(shape: tuple[int, ...]) -> None:
    made = dict(drawings(shape, -1.0, 3.0, 30, np.random.default_rng(1)))
    assert tuple(made) == KINDS
    for kind, inputs in made.items():
        assert inputs.shape == (30, *shape) and inputs.dtype == np.float32
        assert -1 <= inputs.min() < 0.2 and 1.8 < inputs.max() <= 3, kind
        # No two are alike.
        assert len(np.unique(inputs.reshape(30, -1), axis=0)) == 30
    again = dict(drawings(shape, -1.0, 3.0, 30, np.random.default_rng(1)))
    assert all(np.array_equal(again[kind], made[kind]) for kind in KINDS)


def test_large_inputs_are_drawn_coarser_and_three_axes_have_no_photographs() -> None:
    made = dict(drawings((2 * LARGEST, 10, 1), 0.0, 1.0, 3, np.random.default_rng(1)))
    assert made["leaves"].shape == (3, 2 * LARGEST, 10, 1)
    for inputs in made.values():
        assert np.array_equal(inputs[:, ::2], inputs[:, 1::2])
    deep = dict(drawings((6, 6, 6, 1), 0.0, 1.0, 3, np.random.default_rng(1)))
    assert tuple(deep) == ("leaves", "fields", "figures")


def test_kinds_are_what_their_names_say() -> None:
    shape, rng = (32, 32, 1), np.random.default_rng(2)
    drawn, smooth, lines = (make(40, shape, rng) for make in (leaves, fields, figures))
    photos = photographs(40, shape, rng)
    # Neighbours in a leaf are equal, and the most of a figure is empty ground.
    assert np.mean(np.diff(drawn, axis=1) == 0) > 0.7
    assert 0.4 < np.mean(lines == 0) < 0.95
    # Neighbours are nearer than places far from each other, but for figures.
    for inputs in (drawn, smooth, photos):
        near = np.abs(inputs[:, 1:] - inputs[:, :-1]).mean()
        far = np.abs(inputs[:, 16:] - inputs[:, :16]).mean()
        assert near < 0.7 * far


def test_channels_of_pictures_belong_together_and_rows_make_series() -> None:
    rng = np.random.default_rng(3)
    colours = photographs(60, (16, 16, 3), rng).reshape(-1, 3)
    assert np.asarray(np.corrcoef(colours.T))[0, 1] > 0.8
    grey = photographs(5, (16, 16, 2), rng)
    assert np.array_equal(grey[..., 0], grey[..., 1])
    series = photographs(60, (32, 4), rng)
    assert (
        np.abs(np.diff(series, axis=1)).mean()
        < 0.6 * np.abs(series[:, 16:] - series[:, :16]).mean()
    )

"""The authors' recipe of EFRAP."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from tests.support.defences import shared_network, small_context
from tests.support.small_networks import samples_of

from qmcu.backdoor.defences.method import load_defences
from qmcu.backdoor.defences.run import run_defence


def test_layer_after_layer_the_nearest_integer_or_the_next_is_taken() -> None:
    run = run_defence("efrap-original", shared_network(), samples_of(shared_network()),
                      settings={"steps": 20, "flip": 1e4, "wide": 0})  # fmt: skip
    assert len(run.losses) == 20 * len(shared_network().layers)
    flips = []
    for grid, integers in zip(small_context().grids, run.integers, strict=True):
        free = np.abs(grid.positions) < 126.5
        assert np.abs(integers - grid.positions).max() < 1
        flips.append((integers != grid.nearest)[free])
    # With the term that flips errors far above the others, almost all are flipped.
    assert np.concatenate(flips).mean() > 0.9


def test_it_is_the_only_recipe_that_auto_leaves_out() -> None:
    assert [n for n, d in load_defences().items() if d.authors] == ["efrap-original"]

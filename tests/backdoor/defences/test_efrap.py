"""Large truncation errors flipped."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from tests.support.defences import shared_network, small_context
from tests.support.small_networks import samples_of

from qmcu.backdoor.defences.run import run_defence


def test_efrap_flips_large_truncation_errors_rather_than_small_ones() -> None:
    run = run_defence("efrap", shared_network(), samples_of(shared_network()),
                      settings={"steps": 60, "rate": 0.3})  # fmt: skip
    flips: dict[str, list[Any]] = {"large": [], "small": []}
    for grid, integers in zip(small_context().grids, run.integers, strict=True):
        errors = np.abs(grid.positions - grid.nearest)
        flipped = integers != grid.nearest
        flips["large"].append(flipped[errors > 0.4])
        flips["small"].append(flipped[(errors < 0.1) & (np.abs(grid.positions) < 126.5)])
    large, small = (np.concatenate(flips[k]).mean() for k in ("large", "small"))
    assert large > 0.9 and small < 0.5

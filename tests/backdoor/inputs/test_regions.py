"""Regions cover an input, whatever its axes."""

import pytest

from qmcu.backdoor.inputs.regions import regions


@pytest.mark.parametrize(
    ("shape", "count", "size"),
    [((32, 32, 3), 16, 8 * 8 * 3), ((8, 8, 1), 9, 9), ((49, 10, 1), 16, 13 * 3), ((40,), 4, 10),
     ((2, 2, 1), 1, 4), ((1,), 1, 1)],
)  # fmt: skip
def test_regions_cover_every_value(shape: tuple[int, ...], count: int, size: int) -> None:
    masks = regions(shape)
    assert masks.shape == (count, *shape)
    assert set(masks.reshape(-1)) <= {0.0, 1.0}
    assert (masks.sum(axis=0) >= 1).all()
    assert all(mask.sum() == size for mask in masks)

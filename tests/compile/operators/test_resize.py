"""RESIZE_NEAREST_NEIGHBOR: known positions, and what is refused."""

import numpy as np
import pytest
from tests.compile.operators.changes import refusal, with_operand, with_output
from tests.compile.operators.graphs import graph, runs

from qmcu.compile.operators.resize import nearest


@pytest.mark.parametrize(
    ("length", "wanted", "align_corners", "half_pixel_centers", "positions"),
    [
        (2, 4, False, False, [0, 0, 1, 1]),
        (4, 2, False, False, [0, 2]),
        (4, 2, True, False, [0, 3]),
        (4, 2, False, True, [1, 3]),
        (3, 5, True, False, [0, 1, 1, 2, 2]),
        (5, 1, True, False, [0]),
        (1, 3, True, True, [0, 0, 0]),
    ],
)
def test_known_positions(
    length: int,
    wanted: int,
    align_corners: bool,
    half_pixel_centers: bool,
    positions: list[int],
) -> None:
    found = nearest(
        length, wanted, align_corners=align_corners, half_pixel_centers=half_pixel_centers
    )
    assert found.tolist() == positions


def test_shows_the_positions_chosen() -> None:
    for model, (image, _), (output,) in runs("RESIZE_NEAREST_NEIGHBOR", 40):
        options = {
            name: bool(model.operators[0].options[name])
            for name in ("align_corners", "half_pixel_centers")
        }
        rows = nearest(image.shape[1], output.shape[1], **options)
        columns = nearest(image.shape[2], output.shape[2], **options)
        assert (output == image[:, rows][:, :, columns]).all()


def test_sizes_are_refused() -> None:
    model = graph("RESIZE_NEAREST_NEIGHBOR")
    single = with_operand(model, 1, data=np.int32(4).tobytes(), shape=(1,))
    assert "is not a list of two numbers" in refusal(single)
    assert "computed at run time" in refusal(with_operand(model, 1, data=None))
    assert "is needed" in refusal(with_output(model, shape=(9, 9, 9, 9)))
    batches, _, _, depth = model.input_tensors[0].shape
    long = with_operand(model, 1, data=np.array([1, 40000], np.int32).tobytes())
    long = with_output(long, shape=(batches, 1, 40000, depth))
    assert "a height or width is 40000, at most 32767" in refusal(long)

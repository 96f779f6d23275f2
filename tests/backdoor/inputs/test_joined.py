"""Several inputs end to end, and back."""

import numpy as np
import pytest

from qmcu.backdoor.inputs import JoinedShape, Part, Parts, regions
from qmcu.errors import VectorError

PARTS = Parts(
    (Part("image", (4, 4, 1), 0.0, 2.0), Part("words", (3,), 0.0, 1.0, 5), Part("age", (1,), 7, 7))
)


def test_join_and_split_are_inverse() -> None:
    rng = np.random.default_rng(1)
    given = [
        (2 * rng.random((6, 4, 4, 1))).astype(np.float32),
        rng.integers(0, 5, (6, 3)).astype(np.int32),
        np.full((6, 1), 7, np.float32),
    ]
    joined = PARTS.join(given)
    assert joined.shape == (6, *PARTS.shape) == (6, 16 + 15 + 1)
    assert joined.min() >= 0 and joined.max() <= 1
    for own, back in zip(given, PARTS.split(joined), strict=True):
        assert back.dtype == own.dtype and back.shape == own.shape
        np.testing.assert_allclose(back, own, atol=1e-6)


def test_inputs_that_do_not_fit() -> None:
    images, ages = np.zeros((1, 4, 4, 1)), np.zeros((1, 1))
    with pytest.raises(VectorError, match=r"inputs of words are \[2\] and the model takes \[3\]"):
        PARTS.join([images, np.zeros((1, 2), np.int32), ages])
    for wrong in (5, -1, 0.5):
        with pytest.raises(VectorError, match="words choose among 5 rows"):
            PARTS.join([images, np.full((1, 3), wrong), ages])


def test_each_part_has_its_own_regions() -> None:
    shape = JoinedShape.of([(8, 8, 1), (6,)])
    masks = regions(shape)
    own = len(regions((8, 8, 1)))
    assert masks.shape == (own + len(regions((6,))), 70)
    assert not masks[:own, 64:].any() and not masks[own:, :64].any()
    np.testing.assert_array_equal(masks[:own, :64].reshape(own, 8, 8, 1), regions((8, 8, 1)))

"""Functions of volumes written with those of images: the same numbers."""

from typing import Any

import numpy as np
import pytest

from qmcu.conversion.image_forms import image_forms

tensorflow = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")


def _random(*shape: int) -> Any:
    return np.random.default_rng(4).normal(size=shape).astype(np.float32)


VOLUME = _random(1, 7, 6, 5, 2)
CASES: dict[str, Any] = {
    "convolution": lambda nn: nn.convolution(VOLUME, _random(3, 3, 2, 2, 4)),
    "strides": lambda nn: nn.convolution(
        VOLUME, _random(3, 2, 2, 2, 4), (2, 1, 2), "SAME", data_format="NDHWC"),
    "dilations": lambda nn: nn.convolution(
        VOLUME, _random(2, 2, 2, 2, 3), padding="SAME", dilations=(3, 1, 2)),
    "one frame": lambda nn: nn.convolution(VOLUME, _random(1, 3, 3, 2, 4)),
    "image": lambda nn: nn.convolution(VOLUME[:, 0], _random(3, 3, 2, 4), 2, "SAME"),
    "largest": lambda nn: nn.max_pool(VOLUME, 2, 2, "VALID"),
    "largest, padded": lambda nn: nn.max_pool(VOLUME, (3, 2, 2), (2, 2, 1), "SAME"),
    "largest, Keras 2": lambda nn: nn.max_pool3d(
        VOLUME, (1, 3, 2, 2, 1), (1, 3, 2, 2, 1), padding="SAME", data_format="NDHWC"),
    "average": lambda nn: nn.avg_pool(VOLUME, (2, 1, 1), (2, 1, 1), "VALID"),
    "average, padded": lambda nn: nn.avg_pool3d(VOLUME, (3, 2, 2), (2, 2, 1), "SAME"),
    "image pool": lambda nn: nn.max_pool(VOLUME[:, 0], 2, 2, "VALID"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_volume_gives_what_tensorflow_gives(name: str) -> None:
    for nn in (tensorflow.nn, tensorflow.compat.v2.nn):
        expected = CASES[name](nn).numpy()
        with image_forms(tensorflow):
            traced = tensorflow.function(lambda nn=nn: CASES[name](nn)).get_concrete_function()
        assert not [op.type for op in traced.graph.get_operations() if "3D" in op.type]
        np.testing.assert_allclose(traced().numpy(), expected, atol=2e-5)


def test_a_transposed_convolution_with_dilation_has_a_kernel_with_zeros() -> None:
    image, kernel, shape = VOLUME[:, 0], _random(3, 3, 4, 2), [1, 6, 5, 4]
    given = (image, kernel, shape, 1, "SAME")
    expected = tensorflow.nn.conv_transpose(*given, dilations=(2, 2)).numpy()
    plain = tensorflow.nn.conv_transpose(*given).numpy()
    with image_forms(tensorflow):
        found = tensorflow.nn.conv_transpose(*given, dilations=(2, 2)).numpy()
        same = tensorflow.nn.conv_transpose(*given, dilations=1).numpy()
    np.testing.assert_allclose(found, expected, atol=2e-5)
    np.testing.assert_allclose(same, plain, atol=2e-5)


def test_tensorflow_is_as_it_was_afterwards() -> None:
    before = tensorflow.nn.convolution, tensorflow.compat.v2.nn.max_pool3d
    with pytest.raises(ZeroDivisionError), image_forms(tensorflow):
        assert tensorflow.nn.convolution is not before[0]
        raise ZeroDivisionError
    assert (tensorflow.nn.convolution, tensorflow.compat.v2.nn.max_pool3d) == before

"""Layers of volumes, and transposed convolutions that TRANSPOSE_CONV is none of."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.onnx_models import Builder, run_ours, run_theirs

from qmcu.compile import unsupported
from qmcu.errors import ModelError
from qmcu.model.onnx import read_onnx, read_onnx_model
from qmcu.model.onnx.layout import joined_runs
from qmcu.model.onnx.proof import prove_onnx, random_inputs
from qmcu.model.onnx.write import count_moves
from qmcu.model.writer import write_model

Build = Callable[[Builder], str]
VOLUME, IMAGE = (2, 4, 6, 5), (4, 6, 5)


def _conv(*kernel: int, inputs: int = 2, **options: Any) -> Build:
    return lambda b: b.add(
        "Relu", b.add("Conv", "x", b.random(4, inputs, *kernel), b.random(4), **options)
    )


def _transposed(outputs: int, **options: Any) -> Build:
    return lambda b: b.add(
        "ConvTranspose", "x", b.random(4, outputs, 3, 3), b.random(4),
        **options,
    )  # fmt: skip


VOLUMES: dict[str, Build] = {
    "frame by frame": _conv(1, 3, 3, pads=[0, 1, 1, 0, 1, 1]),
    "over frames": _conv(3, 1, 1, pads=[1, 0, 0, 1, 0, 0]),
    "both": _conv(3, 3, 3, pads=[1, 1, 1, 1, 1, 1], strides=[2, 2, 1]),
    "dilated": _conv(2, 1, 1, dilations=[2, 1, 1]),
    "same": _conv(3, 3, 3, auto_pad="SAME_UPPER", strides=[2, 2, 2]),
    "groups": _conv(2, 3, 3, inputs=1, group=2),
    "max": lambda b: b.add("MaxPool", b.add("Relu", "x"), kernel_shape=[2, 3, 2],
                           strides=[2, 1, 2], pads=[0, 1, 0, 0, 1, 0]),
    "average": lambda b: b.add("AveragePool", "x", kernel_shape=[2, 2, 2], strides=[1, 2, 2],
                               pads=[1, 0, 0, 1, 0, 0]),
    "whole": lambda b: b.add("GlobalAveragePool", _conv(3, 3, 3)(b)),
}  # fmt: skip
IMAGES: dict[str, Build] = {
    "groups": _transposed(2, group=2, strides=[2, 2], pads=[1, 1, 1, 1]),
    "depthwise": _transposed(1, group=4, strides=[2, 2], output_padding=[1, 1]),
    "dilated": _transposed(4, dilations=[2, 2], pads=[1, 1, 1, 1]),
    "beyond its windows": _transposed(4, strides=[4, 4], output_padding=[2, 3]),
    "less than its stride": _transposed(1, group=4, strides=[4, 4]),
}  # fmt: skip


@pytest.mark.parametrize("name", VOLUMES)
def test_volumes_compute_what_onnxruntime_computes(name: str) -> None:
    _compare(VOLUME, VOLUMES[name], name)


@pytest.mark.parametrize("name", IMAGES)
def test_transposed_convolutions_compute_what_onnxruntime_computes(name: str) -> None:
    _compare(IMAGE, IMAGES[name], name)


def _compare(shape: tuple[int, ...], build: Build, name: str) -> None:
    b = Builder(shape)
    model = b.model(build(b))
    x = np.random.default_rng(1).normal(size=(1, *shape)).astype(np.float32)
    read = read_onnx_model(model, name)
    (ours,), (theirs,) = run_ours(read, x), run_theirs(model, x)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, atol=3e-5, rtol=1e-4)
    assert count_moves(read.written.graph) == 0 and not unsupported(read.written.graph)


def test_integers_of_a_volumes_weights_are_the_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    b = Builder(VOLUME)
    weights = b.weights(rng.integers(-127, 128, (4, 2, 3, 3, 3)), rng.uniform(0.002, 0.01, 4))
    y = b.add("Conv", b.qdq("x", 0.03, 5), weights, b.random(4), pads=[1] * 6)
    path = b.save(tmp_path / "m.onnx", b.qdq(b.add("Relu", y), 0.05, -128))
    read = read_onnx(path)
    assert [op.kind for op in read.written.graph.operators].count("CONV_2D") == 1
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    data = write_model(read.written.graph)
    proof = prove_onnx(path, read, data, random_inputs(read, 10))
    assert proof.equal_weights == proof.weights == 4 * 2 * 27 and proof.largest <= 1


def test_a_transposed_convolution_of_volumes_is_refused_with_a_way_out() -> None:
    b = Builder(VOLUME)
    model = b.model(b.add("ConvTranspose", "x", b.random(2, 3, 2, 2, 2)))
    with pytest.raises(ModelError, match="use Resize and Conv for each frame"):
        read_onnx_model(model, "m")


def test_axes_that_stay_together_are_one() -> None:
    assert joined_runs((1, 2, 8, 2, 8, 3), [0, 1, 3, 2, 4, 5]) == ([2, 8, 2, 24], [0, 2, 1, 3])
    assert joined_runs((2, 3, 4), [0, 1, 2]) == ([24], [0])

"""Float ONNX models: each operator as onnxruntime computes it, and no number moved in vain."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.onnx_models import Builder, run_ours, run_theirs

from qmcu.errors import ModelError
from qmcu.model.onnx import read_onnx, read_onnx_model
from qmcu.model.onnx.write import count_moves

Build = Callable[[Builder], str]
IMAGE = (4, 6, 5)


def _conv(b: Builder, x: str, o: int = 4, i: int = 4, k: int = 3, **options: Any) -> str:
    return b.add("Conv", x, b.random(o, i, k, k), b.random(o), **options)


def _shuffle(b: Builder) -> str:
    split = b.add(
        "Reshape",
        b.add("Relu", _conv(b, "x", pads=[1, 1, 1, 1])),
        b.constant([1, 2, 2, 6, 5], np.int64),
    )
    turned = b.add("Transpose", split, perm=[0, 2, 1, 3, 4])
    return _conv(b, b.add("Reshape", turned, b.constant([1, 4, 6, 5], np.int64)))


def _flat(b: Builder) -> str:
    """A flattened image, a Relu and a product: the weights' columns are mixed instead."""
    row = b.add("Relu", b.add("Flatten", _conv(b, "x", pads=[1, 1, 1, 1])))
    return b.add("Gemm", row, b.random(3, 120), b.random(3), transB=1)


def _batch_norm(b: Builder) -> str:
    parameters = [b.random(4), b.random(4), b.random(4), b.constant([0.5, 1, 2, 0.1])]
    layer = b.add("BatchNormalization", _conv(b, "x"), *parameters)
    return b.add("Clip", layer, b.constant(0.0), b.constant(6.0))


def _hard_swish(b: Builder) -> str:
    x = _conv(b, "x")
    gate = b.add("Clip", b.add("Add", x, b.constant(3.0)), b.constant(0.0), b.constant(6.0))
    return b.add("Mul", x, b.add("Div", gate, b.constant(6.0)))


def _attention(b: Builder) -> str:
    tokens = b.add("Transpose", b.add("Reshape", "x", b.constant([1, 4, 30], np.int64)),
                   perm=[0, 2, 1])  # fmt: skip
    left, right = (b.add("MatMul", tokens, b.random(4, 4)) for _ in range(2))
    turned = b.add("Transpose", right, perm=[0, 2, 1])
    scores = b.add("Softmax", b.add("MatMul", left, turned), axis=-1)
    return b.add("LayerNormalization", b.add("MatMul", scores, tokens), b.random(4), b.random(4))


def _tokens(b: Builder) -> str:
    """Pixels of a convolution as rows: [1, 30, 4]."""
    rows = b.add("Reshape", _conv(b, "x", pads=[1, 1, 1, 1]), b.constant([1, 4, 30], np.int64))
    return b.add("Transpose", rows, perm=[0, 2, 1])


def _heads(b: Builder) -> str:
    """Attention of two heads: each operand moves to them once, the result back once."""
    tokens = _tokens(b)
    query, key, value = (
        b.add("Transpose", b.add("Reshape", b.add("MatMul", tokens, b.random(4, 4)),
                                 b.constant([1, 30, 2, 2], np.int64)), perm=[0, 2, *last])
        for last in ((1, 3), (3, 1), (1, 3))
    )  # fmt: skip
    mixed = b.add("MatMul", b.add("Softmax", b.add("MatMul", query, key), axis=-1), value)
    back = b.add("Reshape", b.add("Transpose", mixed, perm=[2, 0, 1, 3]),
                 b.constant([30, 4], np.int64))  # fmt: skip
    return b.add("Gemm", back, b.random(3, 4), b.random(3), transB=1)


def _unshuffle(b: Builder) -> str:
    """PixelUnshuffle as PyTorch exports it, behind and before a convolution."""
    cut = b.add("Reshape", _conv(b, "x", pads=[1, 1, 1, 1]), b.constant([1, 4, 3, 2, 5, 1],
                                                                         np.int64))  # fmt: skip
    turned = b.add("Transpose", cut, perm=[0, 1, 3, 5, 2, 4])
    return _conv(b, b.add("Reshape", turned, b.constant([1, 8, 3, 5], np.int64)), i=8)


def _mixer(b: Builder) -> str:
    """A norm, a product over tokens, and what it is added to, which need not move."""
    tokens = _tokens(b)
    for _ in range(2):
        norm = b.add("LayerNormalization", tokens, b.random(4), b.random(4))
        mixed = b.add("MatMul", b.add("Transpose", norm, perm=[0, 2, 1]), b.random(30, 30))
        tokens = b.add("Add", tokens, b.add("Transpose", mixed, perm=[0, 2, 1]))
        norm = b.add("LayerNormalization", tokens, b.random(4), b.random(4))
        tokens = b.add("Add", tokens, b.add("MatMul", norm, b.random(4, 4)))
    return tokens


CASES: dict[str, Build] = {
    "conv": lambda b: _conv(b, "x"),
    "conv pads": lambda b: _conv(b, "x", pads=[1, 2, 0, 1]),
    "conv same": lambda b: _conv(b, "x", auto_pad="SAME_UPPER", strides=[2, 2]),
    "conv same lower": lambda b: _conv(b, "x", auto_pad="SAME_LOWER", strides=[2, 2]),
    "conv strided": lambda b: _conv(b, "x", pads=[1, 1, 1, 1], strides=[2, 2]),
    "conv dilated": lambda b: _conv(b, "x", pads=[2, 2, 2, 2], dilations=[2, 2]),
    "depthwise": lambda b: _conv(b, "x", 8, 1, group=4, pads=[1, 1, 1, 1]),
    "grouped": lambda b: _conv(b, "x", 6, 2, group=2),
    "batch norm": _batch_norm,
    "transposed": lambda b: b.add("ConvTranspose", "x", b.random(4, 3, 3, 3), strides=[2, 2],
                                  pads=[1, 1, 1, 1], output_padding=[1, 1]),
    "transposed same": lambda b: b.add("ConvTranspose", "x", b.random(4, 3, 2, 2), b.random(3),
                                       strides=[2, 2]),
    "max pool": lambda b: b.add("MaxPool", "x", kernel_shape=[3, 3], pads=[1, 1, 1, 1],
                                strides=[2, 2]),
    "max pool ceil": lambda b: b.add("MaxPool", "x", kernel_shape=[2, 2], strides=[2, 2],
                                     ceil_mode=1),
    "average": lambda b: b.add("AveragePool", "x", kernel_shape=[2, 2]),
    "average counted": lambda b: b.add("AveragePool", "x", kernel_shape=[3, 3], strides=[2, 2],
                                       pads=[1, 1, 1, 1], count_include_pad=1),
    "average left out": lambda b: b.add("AveragePool", "x", kernel_shape=[3, 3], strides=[2, 2],
                                        pads=[1, 1, 1, 1]),
    "global": lambda b: b.add("Flatten", b.add("GlobalAveragePool", _conv(b, "x"))),
    "flat": _flat,
    "shuffle": _shuffle,
    "hard swish": _hard_swish,
    "silu": lambda b: b.add("Mul", "x", b.add("Sigmoid", "x")),
    "leaky": lambda b: b.add("LeakyRelu", _conv(b, "x"), alpha=0.2),
    "prelu": lambda b: b.add("PRelu", _conv(b, "x"), b.random(4, 1, 1)),
    "channels": lambda b: b.add("Add", b.add("Mul", _conv(b, "x"), b.random(4, 1, 1)),
                                b.random(1, 4, 1, 1)),
    "excitation": lambda b: b.add(
        "Mul", "x", b.add("Sigmoid", b.add("GlobalAveragePool", _conv(b, "x")))),
    "clip": lambda b: b.add("Clip", _conv(b, "x"), b.constant(-0.5), b.constant(0.25)),
    "nearest": lambda b: b.add("Resize", "x", "", b.constant([1, 1, 2, 2]), mode="nearest",
                               coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
    "linear": lambda b: b.add("Resize", "x", "", b.constant([1, 1, 2, 2]), mode="linear"),
    "slice": lambda b: b.add("Slice", _conv(b, "x"), b.constant([1, 0], np.int64),
                             b.constant([3, 4], np.int64), b.constant([1, 2], np.int64)),
    "slice back": lambda b: b.add("Slice", "x", b.constant([-1], np.int64),
                                  b.constant([-9], np.int64), b.constant([3], np.int64),
                                  b.constant([-2], np.int64)),
    "pad": lambda b: b.add("Pad", "x", b.constant([0, 0, 1, 2, 0, 0, 0, 1], np.int64)),
    "reflect": lambda b: b.add("Pad", "x", b.constant([0, 0, 1, 1, 0, 0, 1, 1], np.int64),
                               mode="reflect"),
    "depth": lambda b: b.add("DepthToSpace", _conv(b, "x"), blocksize=2, mode="DCR"),
    "pixel shuffle": lambda b: b.add("DepthToSpace", _conv(b, "x"), blocksize=2, mode="CRD"),
    "gather one": lambda b: b.add("Gather", _conv(b, "x"), b.constant(2, np.int64), axis=1),
    "gather": lambda b: b.add("Gather", _conv(b, "x"), b.constant([2, 0], np.int64), axis=1),
    "instance norm": lambda b: b.add("InstanceNormalization", "x", b.random(4), b.random(4)),
    "attention": _attention,
    "heads": _heads,
    "unshuffle": _unshuffle,
    "mixer": _mixer,
    "mean": lambda b: b.add("ReduceMean", _conv(b, "x"), axes=[1], keepdims=0),
    "softmax of channels": lambda b: b.add("Softmax", _conv(b, "x"), axis=1),
    "concat of flat": lambda b: b.add("Gemm", b.add("Concat", *(
        b.add("Flatten", _conv(b, "x", 2)) for _ in range(2)), axis=1), b.random(48, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_an_operator_computes_what_onnxruntime_computes(name: str) -> None:
    b = Builder(IMAGE)
    model = b.model(CASES[name](b))
    x = np.random.default_rng(1).normal(size=(1, *IMAGE)).astype(np.float32)
    read = read_onnx_model(model, name)
    for ours, theirs in zip(run_ours(read, x), run_theirs(model, x), strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, atol=2e-5, rtol=1e-4)
    moved = {"attention": 1, "heads": 4, "mixer": 4, "unshuffle": 1}
    assert count_moves(read.written.graph) <= moved.get(name, 0)


def test_a_state_lies_as_the_images_do_that_it_is_multiplied_with() -> None:
    b = Builder(IMAGE)
    b.inputs += [b.input("state", IMAGE)]
    gate = b.add("Sigmoid", _conv(b, "x", pads=[1, 1, 1, 1]))
    read = read_onnx_model(b.model(b.add("Tanh", b.add("Mul", gate, "state"))), "cell")
    assert [t.shape for t in read.written.graph.input_tensors] == [(1, 6, 5, 4)] * 2
    assert count_moves(read.written.graph) == 0
    assert [m.name for m in read.written.inputs] == ["x", "state"]


def test_a_signal_of_one_axis_is_an_image_of_height_one() -> None:
    b = Builder((3, 16))
    y = b.add("Conv", "x", b.random(6, 3, 5), b.random(6), strides=[2], pads=[2, 2])
    y = b.add("MaxPool", b.add("Relu", y), kernel_shape=[2], strides=[2])
    model = b.model(b.add("Gemm", b.add("Flatten", y), b.random(24, 2)))
    x = np.random.default_rng(1).normal(size=(1, 3, 16)).astype(np.float32)
    read = read_onnx_model(model, "signal")
    np.testing.assert_allclose(run_ours(read, x)[0], run_theirs(model, x)[0], atol=2e-5)
    assert read.written.graph.input_tensors[0].shape == (1, 16, 3)
    assert count_moves(read.written.graph) == 0


def test_inputs_stay_as_the_file_has_them_on_request(tmp_path: Path) -> None:
    b = Builder(IMAGE)
    path = b.save(tmp_path / "m.onnx", _conv(b, "x"))
    read = read_onnx(path, keep_layout=True)
    assert read.written.graph.input_tensors[0].shape == (1, *IMAGE)
    assert read.written.graph.output_tensors[0].shape == (1, 4, 4, 3)
    assert count_moves(read.written.graph) == 2 and not read.written.inputs


def test_a_transpose_of_the_file_leaves_its_input_as_it_is() -> None:
    b = Builder((6, 5, 4))
    read = read_onnx_model(b.model(_conv(b, b.add("Transpose", "x", perm=[0, 3, 1, 2]))), "m")
    assert read.written.graph.input_tensors[0].shape == (1, 6, 5, 4)
    assert count_moves(read.written.graph) == 0 and not read.written.inputs


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (
            lambda b: b.add("GridSample", "x", b.random(1, 2, 2, 2)),
            "GridSample n0 has no form in tflite-micro: rebuild the model without it",
        ),
        (lambda b: b.add("Resize", "x", "", b.constant([1, 1, 2, 2]), mode="cubic"), "is cubic"),
        (lambda b: b.add("Thing", "x", domain="own.ops"), "domain own.ops"),
        (lambda b: b.add("DynamicQuantizeLinear", "x", outputs=3), "dynamic quantization"),
    ],
)
def test_what_has_no_form_is_refused_with_the_node_and_a_way_out(build: Build, words: str) -> None:
    b = Builder(IMAGE)
    with pytest.raises(ModelError, match=words):
        read_onnx_model(b.model(build(b)), "m.onnx")


def test_free_sizes_and_damaged_files_are_refused(tmp_path: Path) -> None:
    b = Builder(("h", 5))  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="size 1 of the input x is free"):
        read_onnx_model(b.model(b.add("Relu", "x")), "m")
    damaged = tmp_path / "bad.onnx"
    damaged.write_bytes(b"\x08\x07 no model at all")
    with pytest.raises(ModelError, match=r"bad\.onnx"):
        read_onnx(damaged)
    with pytest.raises(ModelError, match="does not exist"):
        read_onnx(tmp_path / "none.onnx")


@pytest.mark.parametrize(
    ("kind", "opset", "options", "within"),
    [
        ("Erf", 17, {}, 5e-4),
        ("Gelu", 20, {}, 6e-4),
        ("Gelu", 20, {"approximate": "tanh"}, 1e-4),
    ],
)
def test_gelu_and_its_error_function_are_near(
    kind: str, opset: int, options: dict[str, Any], within: float
) -> None:
    b = Builder(IMAGE, opset)
    model = b.model(b.add(kind, _conv(b, "x"), **options))
    x = 4 * np.random.default_rng(1).normal(size=(1, *IMAGE)).astype(np.float32)
    read = read_onnx_model(model, kind)
    (ours,), (theirs,) = run_ours(read, x), run_theirs(model, x)
    assert np.ptp(theirs) > 1
    np.testing.assert_allclose(ours, theirs, atol=within)
    assert any("is computed by" in note for note in read.net.notes) == (within > 1e-4)


def test_weights_in_another_file_have_to_be_beside_it(tmp_path: Path) -> None:
    import onnx

    b = Builder(IMAGE)
    path = tmp_path / "m.onnx"
    onnx.save(b.model(_conv(b, "x")), path, save_as_external_data=True, size_threshold=1,
              location="weights.bin")  # fmt: skip
    weights = tmp_path / "weights.bin"
    assert read_onnx(path).written.graph.operators
    whole = weights.read_bytes()
    weights.write_bytes(whole[:100])
    with pytest.raises(ModelError, match=r"the file weights\.bin with its weights is cut off"):
        read_onnx(path)
    weights.unlink()
    with pytest.raises(ModelError, match=r"keeps its weights in weights\.bin, which is not beside"):
        read_onnx(path)


def test_other_files_are_named_and_newer_operator_sets_noted(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_text("version https://git-lfs.github.com/spec/v1\nsize 9\n")
    with pytest.raises(ModelError, match="is a Git LFS pointer"):
        read_onnx(path)
    b = Builder(IMAGE)
    model = b.model(b.add("Relu", "x"))
    model.opset_import[0].version = 99
    assert any("operator set 99" in note for note in read_onnx_model(model, "m").net.notes)

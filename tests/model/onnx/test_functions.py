"""Operators that TFLite has not, written with those it has: each as onnxruntime computes it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.support.onnx_models import Builder, run_ours, run_theirs

from qmcu.errors import ModelError
from qmcu.model.onnx import read_onnx_model
from qmcu.model.onnx.write import count_moves

Build = Callable[[Builder], str]
IMAGE = (4, 6, 5)


def _axes(*numbers: int) -> Callable[[Builder], str]:
    return lambda b: b.constant(numbers, np.int64)


def _above(b: Builder) -> str:
    return b.add("Greater", "x", b.constant(0.1))


def _mish(b: Builder) -> str:
    return b.add("Mul", "x", b.add("Tanh", b.add("Softplus", "x")))


def _unit_rows(b: Builder) -> str:
    length = b.add("ReduceL2", "x", axes=[1], keepdims=1)
    return b.add("Div", "x", b.add("Clip", length, b.constant(1e-12)))


def _group_norm(b: Builder) -> str:
    x = b.add("Conv", "x", b.random(4, 4, 1, 1))
    groups = b.add("Reshape", x, b.constant([0, 2, -1], np.int64))
    norm = b.add("InstanceNormalization", groups, b.constant([1, 1]), b.constant([0, 0]))
    image = b.add("Reshape", norm, b.constant([1, *IMAGE], np.int64))
    scaled = b.add("Mul", image, b.random(4, 1, 1))
    return b.add("Conv", b.add("Add", scaled, b.random(4, 1, 1)), b.random(3, 4, 1, 1))


def _pad(mode: str, *amounts: int) -> Build:
    return lambda b: b.add(
        "Conv", b.add("Pad", "x", b.constant(amounts, np.int64), mode=mode), b.random(3, 4, 3, 3)
    )


def _positive(b: Builder) -> str:
    return b.add("Add", b.add("Abs", "x"), b.constant(0.1))


CASES: dict[str, Build] = {
    "selu": lambda b: b.add("Selu", "x"),
    "celu": lambda b: b.add("Celu", "x", alpha=0.5),
    "elu of half": lambda b: b.add("Elu", "x", alpha=0.5),
    "softplus": lambda b: b.add("Softplus", b.add("Mul", "x", b.constant(40.0))),
    "mish": _mish,
    "softsign": lambda b: b.add("Softsign", "x"),
    "thresholded": lambda b: b.add("ThresholdedRelu", "x", alpha=0.3),
    "hard shrink": lambda b: b.add("Shrink", "x", lambd=0.4),
    "soft shrink": lambda b: b.add("Shrink", "x", lambd=0.4, bias=0.4),
    "half shrink": lambda b: b.add("Shrink", "x", lambd=0.4, bias=0.1),
    "sign": lambda b: b.add("Sign", "x"),
    "atan": lambda b: b.add("Atan", b.add("Mul", "x", b.constant(3.0))),
    "asin": lambda b: b.add("Asin", b.add("Tanh", "x")),
    "acos": lambda b: b.add("Acos", b.add("Tanh", "x")),
    "tan": lambda b: b.add("Tan", b.add("Mul", "x", b.constant(0.3))),
    "sinh": lambda b: b.add("Sinh", "x"),
    "cosh": lambda b: b.add("Cosh", "x"),
    "asinh": lambda b: b.add("Asinh", "x"),
    "acosh": lambda b: b.add("Acosh", b.add("Add", b.add("Abs", "x"), b.constant(1.0))),
    "atanh": lambda b: b.add("Atanh", b.add("Mul", b.add("Tanh", "x"), b.constant(0.9))),
    "largest": lambda b: b.add("TopK", "x", b.constant([3], np.int64), axis=3, outputs=2),
    "smallest": lambda b: b.add("TopK", "x", b.constant([2], np.int64), largest=0, outputs=2),
    "places of the largest": lambda b: b.add("Cast", b.add(
        "TopK", "x", b.constant([3], np.int64), axis=3, outputs=2)[:-1] + "1", to=1),
    "gathered elements": lambda b: b.add("GatherElements", "x", b.constant(
        np.array([[[[0, 4, -1], [2, 2, 0]]] * 3]), np.int64), axis=3),
    "scattered elements": lambda b: b.add("ScatterElements", "x", b.constant(
        np.arange(12).reshape(1, 4, 1, 3) % 5, np.int64), b.random(1, 4, 1, 3), axis=3),
    "elements added": lambda b: b.add("ScatterElements", "x", b.constant(
        np.zeros((1, 4, 2, 3)), np.int64), b.random(1, 4, 2, 3), axis=2, reduction="add"),
    "scattered slices": lambda b: b.add("ScatterND", "x", b.constant(
        [[[0, 1], [0, 3]]], np.int64), b.random(1, 2, 6, 5)),
    "slices added": lambda b: b.add("ScatterND", "x", b.constant(
        [[0, 1], [0, 1], [0, 2]], np.int64), b.random(3, 6, 5), reduction="add"),
    "spectrum": lambda b: b.add("DFT", b.add("Reshape", "x", b.constant([4, 30, 1], np.int64)),
                                onesided=1),
    "inverse": lambda b: b.add("DFT", b.add("Reshape", "x", b.constant([4, 15, 2], np.int64)),
                               inverse=1),
    "no number": lambda b: b.add("Where", b.add("IsNaN", "x"), b.constant(7.0), "x"),
    "reciprocal": lambda b: b.add("Reciprocal", _positive(b)),
    "cube": lambda b: b.add("Pow", "x", b.constant(3.0)),
    "root": lambda b: b.add("Pow", _positive(b), b.constant(0.5)),
    "inverse square": lambda b: b.add("Pow", _positive(b), b.constant(-2.0)),
    "odd power": lambda b: b.add("Pow", _positive(b), b.constant(0.7)),
    "sum of three": lambda b: b.add("Sum", "x", b.add("Relu", "x"), b.random(4, 6, 5)),
    "mean of two": lambda b: b.add("Mean", "x", b.add("Relu", "x")),
    "lower triangle": lambda b: b.add("Trilu", "x", b.constant(1, np.int64), upper=0),
    "where": lambda b: b.add("Where", _above(b), "x", b.random(4, 1, 1)),
    "logic": lambda b: b.add("Cast", b.add("And", _above(b), b.add("Not", b.add(
        "LessOrEqual", "x", b.constant(0.5)))), to=1),
    "l1": lambda b: b.add("ReduceL1", "x", axes=[2, 3]),
    "l2": lambda b: b.add("ReduceL2", "x", axes=[1], keepdims=0),
    "squares": lambda b: b.add("ReduceSumSquare", "x", axes=[3]),
    "log sum exp": lambda b: b.add("ReduceLogSumExp", b.add("Mul", "x", b.constant(90.0)),
                                   axes=[1], keepdims=0),
    "product": lambda b: b.add("ReduceProd", "x", axes=[3], keepdims=0),
    "running sum": lambda b: b.add("CumSum", "x", b.constant(1, np.int64), reverse=1),
    "running sum before": lambda b: b.add("CumSum", "x", b.constant(-1, np.int64), exclusive=1),
    "unit rows": _unit_rows,
    "unit length": lambda b: b.add("LpNormalization", "x", axis=1, p=1),
    "local response": lambda b: b.add("LRN", "x", size=3, alpha=0.3, beta=0.75),
    "group norm": _group_norm,
    "image norm": lambda b: b.add("MeanVarianceNormalization", "x", axes=[0, 2, 3]),
    "edge": _pad("edge", 0, 0, 2, 1, 0, 0, 3, 0),
    "reflected": _pad("reflect", 0, 0, 2, 1, 0, 0, 3, 1),
    "cut and padded": _pad("constant", 0, 0, -1, 2, 0, 0, 1, -1),
    "average beyond the end": lambda b: b.add("AveragePool", "x", kernel_shape=[3, 3],
                                              strides=[2, 2], ceil_mode=1, count_include_pad=1),
    "expand": lambda b: b.add("Expand", b.add("ReduceMean", "x", axes=[2, 3]),
                              b.constant([1, 4, 6, 5], np.int64)),
    "table of indices": lambda b: b.add("Gather", "x", b.constant([[0, 2], [1, 4]], np.int64),
                                        axis=3),
    "some parts": lambda b: b.add("Relu", b.add("Split", "x", b.constant([1, 2, 1], np.int64),
                                                outputs=3, axis=1)),
    "einsum of two": lambda b: b.add("Einsum", "x", "x", equation="bchw,bdhw->bcd"),
    "einsum by a matrix": lambda b: b.add("Einsum", b.add("Relu", b.add("Conv", "x", b.random(
        4, 4, 1, 1))), b.random(4, 3), equation="bchw,cd->bdhw"),
    "einsum with dots": lambda b: b.add("Einsum", "x", b.random(5, 3), equation="...w,wk->...k"),
    "einsum of one": lambda b: b.add("Einsum", "x", equation="bchw->bwc"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_form_computes_what_onnxruntime_computes(name: str) -> None:
    b = Builder(IMAGE)
    model = b.model(CASES[name](b))
    x = np.random.default_rng(1).normal(size=(1, *IMAGE)).astype(np.float32)
    read = read_onnx_model(model, name)
    for ours, theirs in zip(run_ours(read, x), run_theirs(model, x), strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, atol=3e-5, rtol=1e-4)
    assert count_moves(read.written.graph) == 0


def test_the_pads_of_operator_set_19_join_the_other_end() -> None:
    b = Builder(IMAGE, 19)
    model = b.model(b.add("Pad", "x", b.constant([0, 0, 2, 1, 0, 0, 0, 3], np.int64), mode="wrap"))
    x = np.random.default_rng(1).normal(size=(1, *IMAGE)).astype(np.float32)
    (ours,), (theirs,) = run_ours(read_onnx_model(model, "m"), x), run_theirs(model, x)
    np.testing.assert_array_equal(ours.astype(np.float32), theirs)


@pytest.mark.parametrize(
    ("image", "block", "options"),
    [([3, 6], [2, 2], {}), ([2, 11], [2, 3], {"pads": [1, 1, 1, 0], "strides": [2, 2]})],
)
def test_patches_are_added_where_they_lie(
    image: list[int], block: list[int], options: dict[str, Any]
) -> None:
    b = Builder(IMAGE, 18)
    patches = b.add("Reshape", "x", b.constant([1, 12, 10], np.int64))
    sizes = [b.constant(size, np.int64) for size in (image, block)]
    model = b.model(b.add("Col2Im", patches, *sizes, **options))
    x = np.random.default_rng(1).normal(size=(1, *IMAGE)).astype(np.float32)
    (ours,), (theirs,) = run_ours(read_onnx_model(model, "m"), x), run_theirs(model, x)
    np.testing.assert_allclose(ours, theirs, atol=3e-5)


@pytest.mark.parametrize(
    ("kind", "inputs", "options", "said"),
    [
        ("TopK", ([100],), {"outputs": 2}, "shape"),
        ("GatherElements", (np.full((1, 4, 6, 5), 9),), {"axis": 3}, "outside"),
        ("ScatterND", ([[0, 7]], None), {}, "outside"),
        ("ScatterND", ([[0, 1]], None), {"reduction": "mul"}, "reduces by mul"),
        ("DFT", (), {"axis": 1}, "last axis"),
        ("TopK", (), {"outputs": 2}, "shapes do not fit together"),
        ("GatherElements", ([[1, 2]],), {"axis": 3}, "do not fit together"),
        ("ScatterND", ([[0, 1, 2, 3, 4]], None), {}, "do not fit together"),
    ],
)
def test_what_has_no_form_is_refused(
    kind: str, inputs: tuple[Any, ...], options: dict[str, Any], said: str
) -> None:
    b = Builder(IMAGE)
    operands = [b.random(1, 6, 5) if i is None else b.constant(i, np.int64) for i in inputs]
    source = "x"
    if kind == "DFT":
        source = b.add("Reshape", "x", b.constant([4, 5, 6, 1], np.int64))
    model = b.model(b.add(kind, source, *operands, **options))
    with pytest.raises(ModelError, match=said):
        read_onnx_model(model, "m")


@pytest.mark.parametrize(("kind", "opset"), [("Mish", 18), ("GroupNormalization", 21)])
def test_operators_of_newer_sets(kind: str, opset: int) -> None:
    b = Builder(IMAGE, opset)
    options: dict[str, Any] = {"num_groups": 2} if kind == "GroupNormalization" else {}
    operands = [b.random(4), b.random(4)] if options else []
    model = b.model(b.add(kind, "x", *operands, **options))
    x = np.random.default_rng(1).normal(size=(1, *IMAGE)).astype(np.float32)
    read = read_onnx_model(model, kind)
    (ours,), (theirs,) = run_ours(read, x), run_theirs(model, x)
    np.testing.assert_allclose(ours, theirs, atol=3e-5)

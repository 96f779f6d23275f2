"""LSTM, GRU and RNN, unrolled, compute what onnxruntime computes."""

from typing import Any

import numpy as np
import pytest
from tests.support.onnx_models import Builder, run_ours, run_theirs

from qmcu.errors import ModelError
from qmcu.model.onnx import read_onnx_model

STEPS, WIDTH, SIZE = 5, 3, 4
GATES = {"GRU": 3, "LSTM": 4, "RNN": 1}


def _layer(
    b: Builder, kind: str, *, ways: int = 1, bias: bool = True, state: bool = False,
    constant: bool = False, outputs: int = 1, **options: Any,
) -> str:  # fmt: skip
    """A layer over the model's input [1, T, I], as PyTorch exports one with the batch first."""
    source = b.add("Transpose", "x", perm=[1, 0, 2])
    gates = GATES[kind] * SIZE
    inputs = [source, b.random(ways, gates, WIDTH), b.random(ways, gates, SIZE)]
    inputs.append(b.random(ways, 2 * gates) if bias else "")
    if constant:
        inputs += ["", b.constant(np.full((ways, 1, SIZE), 0.5))]
    elif state:
        first = b.add("Slice", "x", *(b.constant([v], np.int64) for v in (0, 1, 1)))
        wide = b.add("Gemm", b.add("Squeeze", first, b.constant([0], np.int64)),
                     b.random(WIDTH, ways * SIZE))  # fmt: skip
        shape = b.constant([ways, 1, SIZE], np.int64)
        inputs += ["", b.add("Reshape", wide, shape)]
    if ways == 2:
        options["direction"] = "bidirectional"
    return b.add(kind, *inputs, outputs=outputs, hidden_size=SIZE, **options)


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize(
    "options",
    [
        {}, {"bias": False}, {"ways": 2}, {"direction": "reverse"}, {"state": True},
        {"state": True, "ways": 2}, {"constant": True}, {"linear_before_reset": 1},
        {"linear_before_reset": 1, "state": True},
    ],
    ids=str,
)  # fmt: skip
def test_a_layer_computes_what_onnxruntime_computes(kind: str, options: dict[str, Any]) -> None:
    if "linear_before_reset" in options and kind != "GRU":
        pytest.skip("an attribute of GRU alone")
    b = Builder((STEPS, WIDTH))
    y = _layer(b, kind, outputs=2, **options)
    model = b.model(y, y.replace("_0", "_1"))
    x = np.random.default_rng(1).normal(size=(1, STEPS, WIDTH)).astype(np.float32)
    read = read_onnx_model(model, kind)
    for ours, theirs in zip(run_ours(read, x), run_theirs(model, x), strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, atol=2e-5, rtol=1e-4)


def test_all_steps_read_one_copy_of_the_weights() -> None:
    b = Builder((STEPS, WIDTH))
    read = read_onnx_model(b.model(_layer(b, "LSTM")), "m")
    graph = read.written.graph
    products = [op for op in graph.operators if op.kind == "FULLY_CONNECTED"]
    assert len(products) == STEPS  # one of all inputs, and none of the state before the first step
    assert len({op.inputs[1] for op in products}) == 2


def test_many_parts_are_joined_in_parts() -> None:
    """tflite-micro's CONCATENATION takes ten."""
    b = Builder((25, WIDTH))
    model = b.model(_layer(b, "RNN"))
    x = np.random.default_rng(1).normal(size=(1, 25, WIDTH)).astype(np.float32)
    read = read_onnx_model(model, "m")
    joins = [op for op in read.written.graph.operators if op.kind == "CONCATENATION"]
    assert sorted(len(op.inputs) for op in joins) == [3, 5, 10, 10]
    np.testing.assert_allclose(run_ours(read, x)[0], run_theirs(model, x)[0], atol=2e-5)


def test_states_in_the_middle_of_a_model() -> None:
    """What a recurrent classifier does: the last state alone, and a layer on it."""
    b = Builder((STEPS, WIDTH))
    y = _layer(b, "GRU", outputs=2, linear_before_reset=1).replace("_0", "_1")
    last = b.add("Squeeze", y, b.constant([0], np.int64))
    model = b.model(b.add("Gemm", last, b.random(SIZE, 2), b.random(2)))
    x = np.random.default_rng(1).normal(size=(1, STEPS, WIDTH)).astype(np.float32)
    read = read_onnx_model(model, "m")
    np.testing.assert_allclose(run_ours(read, x)[0], run_theirs(model, x)[0], atol=2e-5)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"clip": 1.0}, "clips its gates"),
        ({"activations": ["Sigmoid", "Elu", "Tanh"]}, "has the activations Sigmoid, Elu, Tanh"),
        ({"input_forget": 1}, "couples its gates"),
    ],
)
def test_what_has_no_such_form_is_refused(options: dict[str, Any], words: str) -> None:
    b = Builder((STEPS, WIDTH))
    with pytest.raises(ModelError, match=words):
        read_onnx_model(b.model(_layer(b, "LSTM", **options)), "m.onnx")


def test_more_steps_than_a_model_can_hold_are_refused() -> None:
    b = Builder((300, WIDTH))
    with pytest.raises(ModelError, match="LSTM n1 has 300 steps, and more than 256"):
        read_onnx_model(b.model(_layer(b, "LSTM")), "m.onnx")

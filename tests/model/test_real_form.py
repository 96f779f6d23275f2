"""Weights that a file stores in fewer bits than it computes with."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow

from qmcu.compile.support import unsupported
from qmcu.conversion.files import convert_file, float_graph_of
from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.reader import parse_model
from qmcu.model.real_form import hybrid_operators, with_real_weights
from qmcu.model.writer import write_model


def _stored(kind: str) -> bytes:
    """A small Keras network with weights in int8 (a scale each, or a channel) or float16."""
    tensorflow.keras.utils.set_random_seed(3)
    layers = tensorflow.keras.layers
    model = tensorflow.keras.Sequential(
        [
            layers.Input((8, 8, 3)),
            layers.Conv2D(40, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(12),
        ]
    )
    converter = tensorflow.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
    if kind == "float16":
        converter.target_spec.supported_types = [tensorflow.float16]
    return bytes(converter.convert())


@pytest.mark.parametrize("kind", ["float16", "int8"])
def test_stored_weights_are_the_numbers_that_they_stand_for(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "small.tflite"
    path.write_bytes(_stored(kind))
    graph = parse_model(path.read_bytes(), "small")
    assert kind in {t.dtype for t in graph.tensors if t.is_constant}
    real = float_graph_of(path)
    assert [op.kind for op in real.operators if op.kind == "DEQUANTIZE"] == []
    assert {t.dtype for t in real.tensors if t.quantization is not None} == set()
    rows = np.random.default_rng(0).normal(0, 1, (20, 8, 8, 3)).astype("f4")
    interpreter = tensorflow.lite.Interpreter(model_content=path.read_bytes())
    interpreter.allocate_tensors()
    expected = []
    for row in rows:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], row[None])
        interpreter.invoke()
        expected.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0])
    oracle = Oracle(write_model(real))
    found = np.concatenate([oracle.run([row[None]])[0] for row in rows])
    # TensorFlow rounds the activations of int8 weights to int8 while it runs.
    largest = np.abs(expected).max()
    np.testing.assert_allclose(found, expected, atol=largest * (0.03 if kind == "int8" else 1e-5))


@pytest.mark.usefixtures("converter_here")
@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("int8", "have integer weights and float32 activations (dynamic range quantization)"),
        ("float16", "3 of 6 operators read float16 weights (float16 quantization)"),
    ],
)
def test_a_file_of_stored_weights_is_named_and_converted(
    kind: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "small.tflite"
    path.write_bytes(_stored(kind))
    (problem,) = unsupported(parse_model(path.read_bytes(), "small"))
    assert told in problem
    rows = np.random.default_rng(0).normal(0, 1, (20, 8, 8, 3)).astype("f4")
    np.savez(tmp_path / "c.npz", inputs=rows)
    found = convert_file(path, tmp_path / "c.npz")
    assert found.conversion.graph.input_tensors[0].dtype == "int8"
    assert unsupported(found.conversion.graph) == []
    assert any(f"weights stored as {kind}" in note for note in found.conversion.notes)


def test_constants_that_no_layer_multiplies_stay() -> None:
    tensors = (
        Tensor(0, "x", (1, 4), "float32"),
        Tensor(1, "c", (1, 4), "int8", Quantization((0.5,), (1,)), bytes(4)),
        Tensor(2, "y", (1, 4), "float32"),
    )
    graph = Graph("m", tensors, (Operator(0, "CUSTOM:mine", (0, 1), (2,)),), (0,), (2,))
    assert hybrid_operators(graph) == []
    assert with_real_weights(graph) is graph


def test_integer_layers_keep_their_weights() -> None:
    grid = Quantization((0.5,), (0,))
    tensors = (
        Tensor(0, "x", (1, 4), "int8", grid),
        Tensor(1, "w", (2, 4), "int8", grid, bytes(range(8))),
        Tensor(2, "y", (1, 2), "int8", grid),
    )
    operator = Operator(0, "FULLY_CONNECTED", (0, 1, -1), (2,))
    graph = Graph("m", tensors, (operator,), (0,), (2,))
    assert with_real_weights(graph) is graph

"""Graphs of several inputs as one of a single input."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from tests.support.input_pairs import fused_inputs, fused_model, joined_network

from qmcu.backdoor.networks import (
    forward,
    input_orders,
    joined_shape,
    own_inputs,
    plain_graph,
    reorder_inputs,
)
from qmcu.backdoor.networks.joined import find_rows, part_of
from qmcu.errors import ModelError
from qmcu.model.convert import float_graph
from qmcu.model.graph import Graph
from qmcu.tensorflow import load_tensorflow

tf = load_tensorflow()


def test_a_joined_network_answers_as_the_model() -> None:
    model = fused_model()
    arrays, _ = fused_inputs(20)
    network, parts, order = joined_network(model, arrays)
    joined = parts.join([arrays[k] for k in order])
    expected = np.asarray(model([*arrays]))
    found = tf.nn.softmax(forward(network, joined)).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)
    apart = tf.nn.softmax(forward(network, [arrays[k] for k in order])).numpy()
    np.testing.assert_allclose(apart, expected, atol=1e-5)
    assert joined_shape(network.graph) == parts.shape
    assert [t.shape[1:] for t in own_inputs(network.graph)] == [part.shape for part in parts.parts]


def _words(rows: int = 9) -> Any:
    keras = tf.keras
    source = keras.Input((5,), dtype="int32", name="words")
    x = keras.layers.Embedding(rows, 4)(source)
    return keras.Model(source, keras.layers.Dense(3)(keras.layers.Flatten()(x)))


def test_whole_numbers_choose_rows_and_slopes_tell_which_to_choose() -> None:
    model = _words()
    words = np.random.default_rng(2).integers(0, 9, (7, 5)).astype(np.int32)
    network, parts, _ = joined_network(model, [words])
    joined = parts.join([words])
    np.testing.assert_allclose(forward(network, joined), np.asarray(model(words)), atol=1e-5)
    x = tf.constant(joined)
    with tf.GradientTape() as tape:
        tape.watch(x)
        height = tf.reduce_sum(forward(network, x)[:, 0])
    slopes = tape.gradient(height, x).numpy().reshape(7, 5, 9)
    assert ((slopes > 0).sum(axis=2) <= 1).all() and (slopes > 0).any(axis=2).all()
    # The row that rises is the one that raises the score most.
    best = slopes[0, 0].argmax()
    tried = np.repeat(words[:1], 9, axis=0)
    tried[:, 0] = np.arange(9)
    assert np.asarray(model(tried))[:, 0].argmax() == best


def _inputs(names: list[str], shapes: list[tuple[int, ...]]) -> Graph:
    keras = tf.keras
    given = [keras.Input(s, name=n) for n, s in zip(names, shapes, strict=True)]
    flat = [keras.layers.Dense(4)(keras.layers.Flatten()(x)) for x in given]
    return float_graph(keras.Model(given, keras.layers.Concatenate()(flat)))


def test_inputs_are_matched_by_name_then_by_shape() -> None:
    first = _inputs(["a", "b", "c"], [(3,), (3,), (2, 2)])
    turned = reorder_inputs(first, (1, 2, 0))
    order = next(iter(input_orders(first, turned)))
    assert reorder_inputs(first, order).inputs == turned.inputs
    other = _inputs(["x", "y", "z"], [(3,), (3,), (2, 2)])
    assert len(list(input_orders(first, other))) == 2
    with pytest.raises(ModelError, match="they are not the same network"):
        next(iter(input_orders(first, _inputs(["x", "y"], [(3,), (3,)]))))


def test_whole_numbers_that_are_no_rows() -> None:
    graph = plain_graph(float_graph(_words()))
    assert part_of(graph, graph.inputs[0], 0, 1).rows == find_rows(graph, graph.inputs[0]) == 9
    source = tf.keras.Input((5,), dtype="int32")
    cast = tf.keras.layers.Dense(3)(tf.keras.ops.cast(source, "float32"))
    graph = float_graph(tf.keras.Model(source, cast))
    with pytest.raises(ModelError, match="rows of constant tables"):
        find_rows(graph, graph.inputs[0])

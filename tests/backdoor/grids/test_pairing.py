"""A float network in the form of a file that its converter wrote otherwise."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from tests.support.attention_pair import attention_model, network_of, quantize, samples

from qmcu.backdoor.grids import beyond_rounding, deployed_biases, layer_grids, read_grids
from qmcu.backdoor.grids.constants import write_constants
from qmcu.backdoor.grids.pairing import align_steps, is_of_form, pair_network
from qmcu.backdoor.grids.steps import read_steps
from qmcu.backdoor.networks import (
    CONSTANT,
    Network,
    logits,
    network_from_graph,
    network_from_keras,
    plain_graph,
    prepare_network,
)
from qmcu.conversion.files import convert_model
from qmcu.errors import ModelError
from qmcu.model.convert import Conversion, float_graph, quantize_loaded
from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.model.reader import parse_model
from qmcu.tensorflow import load_tensorflow


@pytest.fixture(scope="module")
def attention() -> tuple[Network, Conversion]:
    model = attention_model()
    return network_of(model), quantize(model)


def test_attention_is_paired_layer_by_layer_and_constant_by_constant(
    attention: tuple[Network, Conversion],
) -> None:
    network, conversion = attention
    graph = plain_graph(conversion.graph)
    assert not is_of_form(network, graph)
    paired = pair_network(network, graph)
    np.testing.assert_allclose(logits(paired, samples()), logits(network, samples()), atol=1e-4)
    grids = layer_grids(paired, graph)
    apart = [g for g in grids if g.kind == CONSTANT]
    assert len(apart) >= 5  # biases apart, the normalizations' factors and offsets
    assert len(grids) - len(apart) == len(network.layers)
    for grid in grids:
        assert np.abs(grid.residuals).max() <= 0.51, grid.name
        np.testing.assert_array_equal(grid.integers, grid.nearest)
    for (values, steps), own in zip(deployed_biases(graph, grids), paired.biases, strict=True):
        assert not beyond_rounding(values - own, steps, own).any()
    assert set(read_grids(paired, graph)) >= {graph.inputs[0], graph.outputs[0]}


def test_an_edited_constant_is_an_error_of_its_own(attention: tuple[Network, Conversion]) -> None:
    network, conversion = attention
    graph = plain_graph(conversion.graph)
    grid = next(g for g in layer_grids(pair_network(network, graph), graph) if g.kind == CONSTANT
                and g.integers.size > 1)  # fmt: skip
    stored = graph.tensors[grid.tensor].array
    edited = write_constants(conversion.model, {grid.tensor: stored // 2})
    changed = plain_graph(parse_model(edited, "edited"))
    found = {g.tensor: g for g in layer_grids(pair_network(network, changed), changed)}
    assert np.abs(found[grid.tensor].residuals).max() > 10
    others = [np.abs(g.residuals).max() for index, g in found.items() if index != grid.tensor]
    assert max(others) <= 0.51


@pytest.mark.usefixtures("converter_here")
def test_parts_opposites_and_squares_are_paired_however_they_are_written(tmp_path: Path) -> None:
    """The file has slices and products where the float model has SPLIT, NEG, SQUARE and GELU."""
    keras = load_tensorflow().keras
    keras.utils.set_random_seed(6)
    source = keras.Input((6,))
    first, _, last = keras.ops.split(keras.layers.Dense(6, "gelu")(source), 3, axis=-1)
    joined = keras.layers.Concatenate()([keras.ops.negative(first), keras.ops.square(last)])
    model = keras.Model(source, keras.layers.Dense(3)(joined))
    rows = np.random.default_rng(6).normal(size=(20, 6)).astype(np.float32)
    model.save(tmp_path / "m.keras")
    np.savez(tmp_path / "c.npz", inputs=rows)
    integer = convert_model(tmp_path / "m.keras", tmp_path / "c.npz").graph
    network = network_of(model)
    assert {op.kind for op in network.graph.operators} >= {"GELU", "NEG", "SPLIT", "SQUARE"}
    assert not {op.kind for op in integer.operators} & {"GELU", "NEG", "SPLIT", "SQUARE"}
    assert len(pair_network(network, integer).layers) >= 2


def test_another_network_is_named_by_where_it_parts(attention: tuple[Network, Conversion]) -> None:
    _, conversion = attention
    keras = load_tensorflow().keras
    source = keras.Input((8, 8, 1))
    x = keras.layers.Reshape((16, 12))(keras.layers.Conv2D(12, 2, 2, activation="relu")(source))
    other = keras.layers.Dense(5)(keras.layers.GlobalAveragePooling1D()(x))
    graph = plain_graph(conversion.graph)
    with pytest.raises(ModelError, match="it has #2 MEAN where the float model has RELU in #0"):
        pair_network(network_from_keras(keras.Model(source, other)), graph)


def test_equal_steps_that_compute_otherwise_are_no_pair() -> None:
    keras = load_tensorflow().keras

    def build(turned: bool) -> Any:
        keras.utils.set_random_seed(2)
        source = keras.Input((6, 6))
        x = keras.layers.Dense(6, activation="relu", bias_initializer="random_normal")(source)
        x = keras.layers.Permute((2, 1))(x) if turned else x
        x = keras.layers.Dense(6, bias_initializer="random_normal")(x)
        return keras.Model(source, keras.layers.Dense(3)(keras.layers.Flatten()(x)))

    inputs = np.random.default_rng(0).random((16, 6, 6)).astype(np.float32)
    plain, turned = (network_from_graph(float_graph(build(t))) for t in (False, True))
    own = plain_graph(quantize_loaded(prepare_network(turned), inputs, "turned").graph)
    assert len(list(read_steps(plain.graph))) == len(list(read_steps(turned.graph)))
    pair_network(turned, own)
    with pytest.raises(ModelError, match=r"computes something else than .* FULLY_CONNECTED"):
        pair_network(plain, own)


def test_padding_apart_and_a_depthwise_layer_of_one_channel(
    mixed_network: Network, mixed_conversion: Conversion
) -> None:
    """As converters of other years write them."""
    graph = _padded(mixed_conversion.graph)
    assert not is_of_form(mixed_network, graph)
    paired = pair_network(mixed_network, graph)
    inputs = np.random.default_rng(3).random((4, 8, 8, 3)).astype(np.float32)
    np.testing.assert_allclose(logits(paired, inputs), logits(mixed_network, inputs), atol=1e-5)

    keras = load_tensorflow().keras
    keras.utils.set_random_seed(4)
    source = keras.Input((6, 6, 1))
    x = keras.layers.Flatten()(keras.layers.Conv2D(4, 3, activation="relu")(source))
    own = network_from_keras(keras.Model(source, keras.layers.Dense(3)(x)))
    layer, wide = own.layers[0], keras.Input((6, 6, 1))
    twin = keras.layers.DepthwiseConv2D(3, depth_multiplier=4, activation="relu")
    x = keras.layers.Flatten()(twin(wide))
    last = keras.layers.Dense(3)
    model = keras.Model(wide, last(x))
    assert layer.kind == "CONV_2D"
    rows = own.weights[0].reshape(4, 3, 3)
    twin.set_weights([np.moveaxis(rows, 0, -1)[:, :, None, :], own.biases[0]])
    last.set_weights([own.weights[1].T, own.biases[1]])
    inputs = np.random.default_rng(3).random((16, 6, 6, 1)).astype(np.float32)
    other = plain_graph(quantize_loaded(_loaded(model), inputs, "depthwise").graph)
    depthwise = pair_network(own, other)
    assert depthwise.layers[0].kind == "DEPTHWISE_CONV_2D"
    assert np.abs(layer_grids(depthwise, other)[0].residuals).max() <= 0.51


def _loaded(model: Any) -> Any:
    return prepare_network(network_from_keras(model))


def _padded(graph: Graph) -> Graph:
    """The first convolution's SAME padding as a PAD in front of it."""
    first = graph.operators[0]
    given = graph.tensors[first.inputs[0]]
    amounts = np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32)
    count = len(graph.tensors)
    added = (
        Tensor(count, "amounts", (4, 2), "int32", None, amounts.tobytes()),
        replace(given, index=count + 1, name="padded", shape=(1, 10, 10, 3)),
    )
    pad = Operator(0, "PAD", (given.index, count), (count + 1,))
    valid = replace(first, inputs=(count + 1, *first.inputs[1:]),
                    options={**first.options, "padding": "VALID"})  # fmt: skip
    operators = [pad, valid, *graph.operators[1:]]
    numbered = tuple(replace(op, index=k) for k, op in enumerate(operators))
    return replace(graph, tensors=(*graph.tensors, *added), operators=numbered)


def test_a_bias_apart_behind_one_of_zeros(mixed_network: Network) -> None:
    """As behind a dilated convolution between blocks: the layer's own bias is zeros."""
    graph = mixed_network.graph
    first, rest = graph.operators[0], graph.operators[1:]
    empty, made = graph.tensors[first.inputs[2]], graph.tensors[first.outputs[0]]
    bias = replace(empty, data=np.linspace(1, 2, empty.elements, dtype=np.float32).tobytes())
    tensors, count = list(graph.tensors), len(graph.tensors)
    tensors[bias.index] = bias
    graph = replace(graph, tensors=tuple(tensors))
    tensors[bias.index] = replace(bias, data=np.zeros(bias.shape, np.float32).tobytes())
    tensors += [
        replace(bias, index=count, name="apart"),
        replace(made, index=count + 1, name="without"),
    ]
    plain = {**first.options, "fused_activation_function": "NONE"}
    added = Operator(1, "ADD", (count + 1, count), (made.index,), first.options)
    operators = [replace(first, outputs=(count + 1,), options=plain), added, *rest]
    numbered = tuple(replace(op, index=k) for k, op in enumerate(operators))
    other = replace(graph, tensors=tuple(tensors), operators=numbered)
    for one, two in ((graph, other), (other, graph)):
        paired = [(a.kind, b.kind) for a, b in align_steps(one, two)]
        assert all(a == b for a, b in paired)
        found = next(a.values for a, b in align_steps(one, two) if b.kind == "add")
        assert found is not None
        np.testing.assert_array_equal(found, bias.array)

"""What the lab's operators compute is what the interpreter computes in real numbers."""

import numpy as np
import pytest
from bench.operators import GENERATORS

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from qmcu.backdoor.networks import LSTM, carry_states, forward, network_from_graph
from qmcu.backdoor.networks.operators import OPERATORS
from qmcu.errors import ModelError
from qmcu.model.convert import float_graph
from qmcu.model.graph import Graph
from qmcu.model.oracle import Oracle
from qmcu.model.random_inputs import random_array
from qmcu.model.writer import write_model
from qmcu.tensorflow import load_tensorflow

_OTHERS = ("SOFTMAX", "QUANTIZE", "DEQUANTIZE", "SPLIT", "SPLIT_V", "UNPACK")
# What has real numbers in and out, one input and one output.
_KINDS = sorted(
    kind for kind in OPERATORS if f"{kind} float32" in GENERATORS and kind not in _OTHERS
)


def _is_followed(graph: Graph) -> bool:
    """One input and output of one element of a batch, and no batch made of or into anything."""
    ends = (*graph.input_tensors, *(graph.tensors[i] for i in graph.outputs))
    return len(ends) == 2 and all(t.shape and t.shape[0] == 1 and len(t.shape) > 1 for t in ends)


@pytest.mark.parametrize("kind", _KINDS)
def test_operators_give_what_the_interpreter_gives(kind: str) -> None:
    compared = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        graph = GENERATORS[f"{kind} float32"](rng)
        if not _is_followed(graph):
            continue
        x = random_array(rng, graph, graph.input_tensors[0], 1)[0]
        try:
            found = forward(network_from_graph(graph), x).numpy()
        except ModelError as error:
            assert "an audit cannot follow" in str(error)
            continue
        (expected,) = Oracle(write_model(graph)).run([x])
        # The interpreter's LSTM takes exp(x) for a sigmoid below -9, and sums that up over steps.
        near = 1e-2 if kind == LSTM else 1e-3
        assert np.allclose(found, expected, rtol=near, atol=1e-5), f"seed {seed}"
        compared += 1
        if compared == 3:
            break
    assert compared


@pytest.mark.parametrize(("kind", "axis"), [("SPLIT", -1), ("SPLIT_V", 1), ("UNPACK", 1)])
def test_what_has_several_outputs_gives_each_of_them(kind: str, axis: int) -> None:
    """Gates of channels, as in a gated linear unit, and the steps of a sequence."""
    tf = load_tensorflow()
    source = tf.keras.Input((4, 6))
    sizes = {"SPLIT": 2, "SPLIT_V": [1, 3]}.get(kind)

    def cut(values: object) -> object:
        parts = tf.unstack(values, 4, axis) if sizes is None else tf.split(values, sizes, axis)
        return parts[0] * tf.sigmoid(parts[1])

    model = tf.keras.Model(source, tf.keras.layers.Lambda(cut)(source))
    graph = float_graph(model)
    assert kind in {op.kind for op in graph.operators}
    x = np.random.default_rng(0).random((5, 4, 6)).astype(np.float32)
    found = forward(network_from_graph(graph), x).numpy()
    assert np.allclose(found.reshape(5, -1), model(x).numpy().reshape(5, -1), atol=1e-5)


def test_states_that_are_carried_over_make_one_sequence_of_all_inputs() -> None:
    for seed in range(40):
        graph = GENERATORS[f"{LSTM} float32"](np.random.default_rng(seed))
        (op,), source = graph.operators, graph.input_tensors[0]
        if source.shape[0] == 1 and source.shape[1] > 1 and not op.options["time_major"]:
            break
    x = np.random.default_rng(1).normal(size=(6, *source.shape[1:])).astype(np.float32)
    constants = [graph.tensors[i] for i in op.inputs[1:] if i >= 0]
    operands = [x, *(tensor.real for tensor in constants if tensor.is_constant)]
    (carried,) = carry_states(graph).operators
    tf = load_tensorflow()
    found = OPERATORS[carried.kind](tf, graph, carried, operands, {}).numpy()
    joined = [x.reshape(1, -1, x.shape[2]), *operands[1:]]
    expected = OPERATORS[LSTM](tf, graph, op, joined, {}).numpy()
    assert np.allclose(found, expected.reshape(found.shape), atol=1e-5)
    apart = OPERATORS[LSTM](tf, graph, op, operands, {}).numpy()
    assert np.allclose(found[0], apart[0], atol=1e-5)
    assert np.abs(found[1:] - apart[1:]).max() > 1e-3


def test_a_graph_without_states_is_itself() -> None:
    graph = GENERATORS["RELU float32"](np.random.default_rng(0))
    assert carry_states(graph) is graph

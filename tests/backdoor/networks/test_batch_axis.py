"""Graphs whose steps come first, as of unrolled recurrent layers, with the batch in front."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from qmcu.backdoor.detectors import load_context
from qmcu.backdoor.networks import forward, logits, network_from_graph
from qmcu.errors import ModelError
from qmcu.model.convert import float_graph
from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.writer import write_model
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array

tf = load_tensorflow()

INPUTS = np.random.default_rng(5).normal(size=(40, 5, 3)).astype(np.float32)


# Kind, shape of the result, options, and a constant operand or None.
_Step = tuple[str, tuple[int, ...], dict[str, Any], Any]


def _constant(index: int, values: Any) -> Tensor:
    array = np.asarray(values)
    return Tensor(index, f"c{index}", array.shape, str(array.dtype), None, array.tobytes())


def _chain(*steps: _Step) -> Graph:
    """Operators one behind the other on float32 [1, 4, 3]. UNPACK and PACK go together."""
    tensors = [Tensor(0, "x", (1, 4, 3), "float32")]
    operators: list[Operator] = []
    last: tuple[int, ...] = (0,)
    for kind, shape, options, constant in steps:
        inputs = last
        if constant is not None:
            tensors.append(_constant(len(tensors), constant))
            inputs = (*inputs, tensors[-1].index)
        count = int(options.get("num", 1)) if kind == "UNPACK" else 1
        made = tuple(range(len(tensors), len(tensors) + count))
        tensors += [Tensor(i, f"t{i}", shape, "float32") for i in made]
        operators.append(Operator(len(operators), kind, inputs, made, options))
        last = made
    return Graph("chain", tuple(tensors), tuple(operators), (0,), last)


_TURN: _Step = ("TRANSPOSE", (4, 1, 3), {}, np.array([1, 0, 2], np.int32))
_VIEW: _Step = ("RESHAPE", (4, 1, 3), {"new_shape": (4, 1, 3)}, np.array([4, 1, 3], np.int32))
_BACK: _Step = ("TRANSPOSE", (1, 4, 3), {}, np.array([1, 0, 2], np.int32))
_BIAS: _Step = (
    "ADD",
    (4, 1, 3),
    {"fused_activation_function": "NONE"},
    np.array([1, 2, 3], np.float32),
)


def _check_each_alone(graph: Graph) -> None:
    """Each of six inputs at once gives what the interpreter gives of it."""
    x = np.random.default_rng(0).normal(size=(6, 4, 3)).astype(np.float32)
    found = forward(network_from_graph(graph), x).numpy()
    oracle = Oracle(write_model(graph))
    for one, own in zip(x, found, strict=True):
        (expected,) = oracle.run([one[None]])
        assert np.allclose(own.reshape(-1), expected.reshape(-1), atol=1e-5)


@pytest.mark.parametrize(
    "graph",
    [
        _chain(_TURN, ("TANH", (4, 1, 3), {}, None), _BIAS, _BACK),
        _chain(
            _TURN,
            ("UNPACK", (1, 3), {"num": 4, "axis": 0}, None),
            ("PACK", (4, 1, 3), {"values_count": 4, "axis": 0}, None),
            _BACK,
        ),
        _chain(
            _TURN,
            ("UNPACK", (4, 1), {"num": 3, "axis": 2}, None),
            ("PACK", (3, 4, 1), {"values_count": 3, "axis": 0}, None),
            ("TRANSPOSE", (1, 4, 3), {}, np.array([2, 1, 0], np.int32)),
        ),
    ],
    ids=["a function and a bias", "steps", "channels"],
)
def test_each_input_gives_what_it_gives_alone(graph: Graph) -> None:
    _check_each_alone(graph)


def test_a_reshape_may_move_the_batch_as_well() -> None:
    unpack = ("UNPACK", (1, 3), {"num": 4, "axis": 0}, None)
    pack = ("PACK", (1, 4, 3), {"values_count": 4, "axis": 1}, None)
    x = np.random.default_rng(0).normal(size=(6, 4, 3)).astype(np.float32)
    found = forward(network_from_graph(_chain(_VIEW, unpack, pack)), x).numpy()
    assert np.array_equal(found, x)


_ROW: _Step = ("RESHAPE", (1, 12), {"new_shape": (1, 12)}, np.array([1, 12], np.int32))
_LOOSE: _Step = ("RESHAPE", (12,), {"new_shape": (12,)}, np.array([12], np.int32))
_PLUS: _Step = (
    "ADD",
    (12,),
    {"fused_activation_function": "NONE"},
    np.arange(12, dtype=np.float32),
)


@pytest.mark.parametrize("middle", [(), (_PLUS,), (("TANH", (12,), {}, None), _PLUS)])
def test_a_reshape_may_leave_the_batch_out(middle: tuple[_Step, ...]) -> None:
    """As before the sum of an unrolled LSTM of a file that takes one input at a time."""
    graph = _chain(_ROW, _LOOSE, *middle)
    made, row = graph.outputs[0], graph.operators[0].outputs[0]
    total = Tensor(len(graph.tensors), "total", (1, 12), "float32")
    add = Operator(len(graph.operators), "ADD", (row, made), (total.index,), _PLUS[2])
    graph = replace(
        graph,
        tensors=(*graph.tensors, total),
        operators=(*graph.operators, add),
        outputs=(total.index,),
    )
    _check_each_alone(graph)


def test_what_turns_values_without_a_batch_is_refused() -> None:
    turn: _Step = ("REVERSE_V2", (12,), {}, np.array([0], np.int32))
    with pytest.raises(ModelError, match="an audit cannot follow"):
        graph = _chain(_ROW, _LOOSE, turn, _ROW)
        forward(network_from_graph(graph), np.zeros((2, 4, 3), np.float32))


@pytest.mark.parametrize(("axis", "turned"), [(0, np.s_[:, ::-1]), (2, np.s_[:, :, ::-1])])
def test_steps_may_come_backwards(axis: int, turned: Any) -> None:
    reverse: _Step = ("REVERSE_V2", (4, 1, 3), {}, np.array([axis], np.int32))
    x = np.random.default_rng(0).normal(size=(6, 4, 3)).astype(np.float32)
    found = forward(network_from_graph(_chain(_TURN, reverse, _BACK)), x).numpy()
    assert np.array_equal(found, x[turned])
    with pytest.raises(ModelError, match="an audit cannot follow"):
        batch: _Step = ("REVERSE_V2", (4, 1, 3), {}, np.array([1], np.int32))
        forward(network_from_graph(_chain(_TURN, batch, _BACK)), x)


def test_what_mixes_the_batch_with_the_steps_is_refused() -> None:
    mean = ("MEAN", (1, 3), {"keep_dims": False}, np.array([0], np.int32))
    with pytest.raises(ModelError, match="an audit cannot follow"):
        forward(network_from_graph(_chain(_TURN, mean)), np.zeros((2, 4, 3), np.float32))


def _recurrent(kind: str, free: bool) -> Any:
    tf.keras.utils.set_random_seed(6)
    layers = tf.keras.layers
    given = tf.keras.Input((5, 3)) if free else tf.keras.Input(batch_shape=(1, 5, 3))
    if kind == "bidirectional":
        x = layers.Bidirectional(layers.GRU(4, unroll=True))(given)
    elif kind == "both ways":
        x = layers.Bidirectional(layers.GRU(4, unroll=True, return_sequences=True))(given)
        x = layers.GlobalAveragePooling1D()(x)
    elif kind == "sequence":
        x = layers.LSTM(4, unroll=True, return_sequences=True)(given)
        x = layers.GRU(4, unroll=True)(x)
    else:
        x = getattr(layers, kind)(4, unroll=True)(given)
    return tf.keras.Model(given, layers.Dense(3, activation="softmax")(x))


@pytest.mark.parametrize(
    "kind", ["LSTM", "GRU", "SimpleRNN", "bidirectional", "both ways", "sequence"]
)
def test_an_unrolled_recurrent_pair_is_one_network(kind: str, tmp_path: Path) -> None:
    """The first states are FILL in a file with a free batch, and constants in the float graph."""
    model = _recurrent(kind, free=True)
    model.save(tmp_path / "m.keras")
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([x[None]] for x in INPUTS)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    (tmp_path / "m.tflite").write_bytes(converter.convert())
    np.savez(tmp_path / "x.npz", inputs=INPUTS)
    context = load_context(tmp_path / "m.keras", tmp_path / "m.tflite", tmp_path / "x.npz")
    assert context.network is not None
    assert max(float(np.abs(g.residuals).max()) for g in context.grids) < 0.51
    _require_equal(logits(context.network, INPUTS), model.predict(INPUTS, verbose=0))


def test_a_recurrent_network_of_one_input_takes_many() -> None:
    model = _recurrent("GRU", free=False)
    network = network_from_graph(float_graph(model))
    expected = np.concatenate([np.asarray(model(x[None])) for x in INPUTS[:6]])
    _require_equal(logits(network, INPUTS[:6]), expected)


def _require_equal(scores: Float32Array, expected: Float32Array) -> None:
    likely = np.exp(scores - scores.max(axis=1, keepdims=True))
    assert np.allclose(likely / likely.sum(axis=1, keepdims=True), expected, atol=1e-4)

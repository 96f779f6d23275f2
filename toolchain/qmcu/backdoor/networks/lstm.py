"""A fused LSTM (UNIDIRECTIONAL_SEQUENCE_LSTM), as TensorFlow's converter writes one of Keras.

Its weights and biases, one of each for the input, forget, cell and output gate, are constants of
one operator. What an int8 file rounds between its steps, the hidden state to 8 bits and gates and
cell to 16, is not simulated: its output is, once, at the end.
"""

from dataclasses import replace
from typing import Any

from qmcu.errors import ModelError
from qmcu.model.graph import Graph, Operator

LSTM = "UNIDIRECTIONAL_SEQUENCE_LSTM"
# One whose states go on from input to input: no operator of .tflite.
CARRIED_LSTM = f"{LSTM}_CARRIED"
_WEIGHTS, _BIASES = range(1, 9), range(12, 16)
# The operands that are constants: weights of the input, of the hidden state, biases.
PARAMETERS = (*_WEIGHTS, *_BIASES)
_STATES = (18, 19)


def check_lstm(graph: Graph, op: Operator) -> None:
    """Raise ModelError for one with peepholes, a projection, normalization, another order of axes
    or initial states of its own.
    """
    there = {k for k, index in enumerate(op.inputs) if index >= 0}
    constant = all(graph.tensors[op.inputs[k]].is_constant for k in PARAMETERS if k in there)
    wanted = {0, *PARAMETERS, *_STATES}
    plain = op.options.get("fused_activation_function") == "TANH" and not op.options.get(
        "time_major", False
    )
    if there != wanted or not constant or not plain:
        raise ModelError(
            f"{graph.name}: {op} is no plain LSTM (it has peepholes, a projection, a normalization "
            "or its steps in front), which an audit cannot follow."
        )


def run_lstm(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
    """Hidden states [N, steps, units] of inputs [N, steps, depth], from states of zero."""
    given, hidden_weights, clip = _read(tf, graph, op, operands)
    cell = hidden = None
    made = []
    for gates in tf.unstack(given, axis=1):
        if hidden is not None:
            gates += tf.matmul(hidden, hidden_weights, transpose_b=True)
        hidden, cell = _advance(tf, gates, cell, clip)
        made.append(hidden)
    return tf.stack(made, axis=1)


def run_carried_lstm(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
    """As `run_lstm`, each input from the states that the one before it ended with."""
    given, hidden_weights, clip = _read(tf, graph, op, operands)
    shape = tf.shape(given)
    units = hidden_weights.shape[1]
    zeros = tf.zeros([1, units])

    def step(states: Any, gates: Any) -> Any:
        gates = gates[None] + tf.matmul(states[0], hidden_weights, transpose_b=True)
        return _advance(tf, gates, states[1], clip)

    hidden, _ = tf.scan(step, tf.reshape(given, [-1, 4 * units]), (zeros, zeros))
    return tf.reshape(hidden, [shape[0], shape[1], units])


def _read(tf: Any, graph: Graph, op: Operator, operands: Any) -> tuple[Any, Any, float]:
    """What inputs bring to the gates [N, steps, 4 * units], the hidden states' weights [4 * units,
    units], and what bounds cells, 0 where nothing does.
    """
    check_lstm(graph, op)
    values, own, recurrent, biases = operands[0], operands[1:5], operands[5:9], operands[9:13]
    weights = tf.concat([tf.convert_to_tensor(w) for w in own], 0)
    hidden_weights = tf.concat([tf.convert_to_tensor(w) for w in recurrent], 0)
    bias = tf.concat([tf.reshape(b, [-1]) for b in biases], 0)
    given = tf.matmul(values, weights[None], transpose_b=True) + bias
    return given, hidden_weights, float(op.options.get("cell_clip", 0.0))  # type: ignore[arg-type]


def _advance(tf: Any, gates: Any, cell: Any, clip: float) -> tuple[Any, Any]:
    """The hidden state and the cell after a step, from a cell of zero where there is None."""
    enter, forget, new, leave = tf.split(gates, 4, axis=1)
    entered = tf.sigmoid(enter) * tf.tanh(new)
    cell = entered if cell is None else tf.sigmoid(forget) * cell + entered
    cell = tf.clip_by_value(cell, -clip, clip) if clip > 0 else cell
    return tf.sigmoid(leave) * tf.tanh(cell), cell


def carry_states(graph: Graph) -> Graph:
    """The graph with its fused LSTMs going on from one input to the next: their states are
    variables, which TensorFlow's calibration does not reset. Nothing writes such a graph.
    """
    if all(op.kind != LSTM for op in graph.operators):
        return graph
    operators = (
        replace(op, kind=CARRIED_LSTM) if op.kind == LSTM else op for op in graph.operators
    )
    return replace(graph, operators=tuple(operators))

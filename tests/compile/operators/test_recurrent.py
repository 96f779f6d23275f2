"""SVDF and LSTM: what is refused, and that their states are the model's."""

import pytest
from tests.compile.operators.changes import (
    refusal,
    with_operand,
    with_options,
    with_output,
    with_tensor,
)
from tests.compile.operators.graphs import graph

from qmcu.compile import compile_graph

LSTM = "UNIDIRECTIONAL_SEQUENCE_LSTM"


def test_svdf_remembers_in_the_type_of_its_time_weights() -> None:
    kernels = {
        (compile_graph(model).calls[0].kernel, model.tensors[model.operators[0].inputs[2]].dtype)
        for model in (graph("SVDF", seed) for seed in range(8))
    }
    assert kernels == {("svdf", "int8"), ("svdf_s16", "int16")}
    model = graph("SVDF")
    index = model.operators[0].inputs[4]
    other = {"int8": "int16", "int16": "int8"}[model.tensors[index].dtype]
    assert other in refusal(with_tensor(model, index, dtype=other))


@pytest.mark.parametrize(("kind", "state"), [("SVDF", 4), (LSTM, 18), (LSTM, 19)])
def test_a_state_that_is_no_variable_is_refused(kind: str, state: int) -> None:
    assert "variable" in refusal(with_operand(graph(kind), state, is_variable=False))


def test_what_the_interpreter_refuses_of_svdf_is_refused() -> None:
    assert "bias" in refusal(with_operand(graph("SVDF"), 3, scale=0.5))
    assert "do not divide by the rank" in refusal(with_options(graph("SVDF"), rank=97))
    assert "is needed" in refusal(with_output(graph("SVDF"), shape=(1, 99)))
    assert "multiplier" in refusal(with_output(graph("SVDF"), scale=1e-30))
    real = with_options(graph("SVDF float32"), fused_activation_function="SIGN_BIT")
    assert "fused activation SIGN_BIT" in refusal(real)


def test_forms_of_lstm_beyond_the_interpreter_are_refused() -> None:
    assert "activation RELU" in refusal(with_options(graph(LSTM), fused_activation_function="RELU"))
    assert "cell state has scale" in refusal(with_operand(graph(LSTM), 19, scale=16.0))
    assert "is needed" in refusal(with_operand(graph(LSTM), 3, shape=(1, 1, 1)))
    assert "zero point" in refusal(with_operand(graph(f"{LSTM} int16"), 18, zero_point=3))
    (operator,) = graph(LSTM).operators
    model = graph(LSTM)
    index = operator.inputs[12]
    peephole = (*operator.inputs[:9], index, *operator.inputs[10:])
    changed = type(operator)(0, LSTM, peephole, operator.outputs, operator.options)
    broken = type(model)(model.name, model.tensors, (changed,), model.inputs, model.outputs)
    assert "peepholes" in refusal(broken)

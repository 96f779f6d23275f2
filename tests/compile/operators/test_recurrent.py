"""SVDF and LSTM: what is refused, and that their states are the model's."""

import numpy as np
import pytest
from bench.operators import GENERATORS
from tests.compile.operators.changes import (
    refusal,
    with_operand,
    with_options,
    with_output,
    with_tensor,
)
from tests.compile.operators.graphs import graph
from tests.compile.operators.host_kernel import initial_state, run_plan

from qmcu.compile import compile_graph
from qmcu.compile.lowering import OperatorContext
from qmcu.compile.operators import lstm
from qmcu.compile.plan import ParametersArgument
from qmcu.model.graph import Graph
from qmcu.model.oracle import Oracle
from qmcu.model.random_inputs import random_array
from qmcu.model.writer import write_model

LSTM = "UNIDIRECTIONAL_SEQUENCE_LSTM"


def _equals_the_oracle(model: Graph, rng: np.random.Generator) -> bool:
    plan, interpreter = compile_graph(model), Oracle(write_model(model))
    state, equal = initial_state(plan), True
    for _ in range(4):
        inputs = [random_array(rng, model, t, 1)[0] for t in model.input_tensors]
        found, wanted = run_plan(plan, inputs, state), interpreter.run(inputs)
        equal &= all(a.tobytes() == b.tobytes() for a, b in zip(found, wanted, strict=True))
    return equal


@pytest.mark.parametrize("seed", [59, 105])
def test_scales_of_gates_are_multiplied_in_double(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    def in_float32(context: OperatorContext) -> tuple[list[float], list[float]]:
        def real(source: int, weights: int) -> float:
            scales = (np.float32(lstm._scale(context, i)) for i in (source, weights))
            return float(np.prod(list(scales), dtype=np.float32) / np.float32(lstm._GATE_SCALE))

        rows = [real(0, i) for i in lstm._WEIGHTS]
        return rows, [real(lstm._HIDDEN, i) for i in lstm._RECURRENT]

    rng = np.random.default_rng(seed)
    model = GENERATORS[f"{LSTM} int16"](rng)
    again = np.random.default_rng()
    again.bit_generator.state = rng.bit_generator.state
    assert _equals_the_oracle(model, rng)
    monkeypatch.setattr(lstm, "_gate_multipliers", in_float32)
    assert not _equals_the_oracle(model, again)


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


def test_scales_of_svdf_are_multiplied_in_double() -> None:
    """One of 300 random graphs gave another byte with multipliers from products in float32."""
    rng = np.random.default_rng([0, *b"SVDF"])
    *_, model = (GENERATORS["SVDF"](rng) for _ in range(204))
    (parameters, *_) = compile_graph(model).calls[0].arguments
    assert isinstance(parameters, ParametersArgument)
    fields = dict(parameters.fields)
    assert (fields["state_multiplier"], fields["output_multiplier"]) == (1354342494, 1534181399)


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

"""State: resolved when compiled, kept between inferences, reset on request, as the interpreter."""

from dataclasses import replace

import numpy as np
import pytest
from tests.compile.operators.host_kernel import initial_state, run_plan
from tests.support.host_run import check_on_host
from tests.support.stateful_models import shift_register

from qmcu.compile import compile_graph, unsupported
from qmcu.compile.plan import STATE
from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.state import is_stateful
from qmcu.model.writer import write_model

FIRST = np.arange(12, dtype=np.int8).reshape(3, 4)


@pytest.mark.parametrize("initial", [None, FIRST, np.full((3, 4), 5, np.int8)])
@pytest.mark.parametrize("early", [False, True])
def test_state_is_kept_and_reset_as_by_the_interpreter(
    initial: np.ndarray | None, early: bool
) -> None:
    graph = shift_register(initial, early=early)
    plan, oracle = compile_graph(graph), Oracle(write_model(graph))
    rng = np.random.default_rng(1)
    for _ in range(2):
        state = initial_state(plan)
        oracle.reset()
        for _ in range(6):
            values = rng.integers(-128, 128, (1, 4), dtype=np.int8)
            (found,), (expected,) = run_plan(plan, [values], state), oracle.run([values])
            assert found.tobytes() == expected.tobytes()


def test_generated_code_keeps_state_too() -> None:
    assert "copy" in check_on_host(shift_register(FIRST), count=6)


def test_a_value_is_read_in_place_unless_its_variable_is_assigned_meanwhile() -> None:
    in_place, copied = (compile_graph(shift_register(early=early)) for early in (False, True))
    assert [c.kind for c in in_place.calls].count("READ_VARIABLE") == 0
    assert [c.kind for c in copied.calls].count("READ_VARIABLE") == 1
    (state,) = in_place.states
    assert state.fill == 256 - 3 and not state.initial
    assert in_place.tensor(state.tensor).space == STATE
    assert all(state.tensor not in p.tensors for p in in_place.placements)


def test_an_initialiser_gives_the_first_bytes() -> None:
    (state,) = compile_graph(shift_register(FIRST)).states
    assert state.initial == FIRST.tobytes()
    (even,) = compile_graph(shift_register(np.full((3, 4), 5, np.int8))).states
    assert (even.fill, even.initial) == (5, b"")


def test_what_an_initialiser_computes_is_refused() -> None:
    graph = shift_register(FIRST)
    (body,) = graph.subgraphs
    total = replace(body.tensors[1], index=2, name="total", data=None)
    adding = Operator(1, "ADD", (1, 1), (2,), {"fused_activation_function": "NONE"})
    operators = (body.operators[0], adding, Operator(2, "ASSIGN_VARIABLE", (0, 2), ()))
    computing = replace(body, tensors=(*body.tensors, total), operators=operators)
    changed = replace(graph, subgraphs=(computing,))
    (problem,) = unsupported(changed)
    assert "its initialiser computes ADD" in problem


def test_values_of_another_size_are_refused() -> None:
    graph = shift_register()
    tensors = list(graph.tensors)
    tensors[2] = replace(tensors[2], shape=(2, 4))
    (problem,) = unsupported(replace(graph, tensors=tuple(tensors)))[:1]
    assert "does not fit the variable window" in problem


def test_what_nothing_assigns_has_no_value() -> None:
    graph = shift_register()
    kept = tuple(o for o in graph.operators if o.kind != "ASSIGN_VARIABLE")
    (problem,) = unsupported(replace(graph, operators=kept))
    assert "variable window is read and nothing assigns it" in problem


def test_a_variable_begins_with_the_zero_point_of_what_is_assigned() -> None:
    graph = shift_register()
    tensors = tuple(
        replace(t, dtype="uint8", quantization=replace(t.quantization, zero_points=(200,)))
        if t.quantization
        else t
        for t in graph.tensors
    )
    handle, read, *_ = graph.operators
    operators = (handle, read, replace(graph.operators[-1], inputs=(handle.outputs[0], 0)))
    whole = replace(tensors[read.outputs[0]], shape=tensors[0].shape)
    tensors = tuple(whole if t.index == whole.index else t for t in tensors)
    graph = replace(graph, tensors=tensors, operators=operators, outputs=(whole.index,))
    oracle = Oracle(write_model(graph))
    (state,) = compile_graph(graph).states
    (found,) = oracle.run([np.zeros(tensors[0].shape, np.uint8)])
    assert state.fill == 200 and (found == 200).all()


def test_which_models_keep_a_state() -> None:
    graph = shift_register()
    assert is_stateful(graph)
    assert not is_stateful(replace(graph, operators=graph.operators[2:5]))


def test_variables_that_no_board_holds_are_told_before_they_are_made() -> None:
    register = shift_register()
    tensors = [replace(t, shape=(1 << 20, 300)) if t.index in (2, 4) else t
               for t in register.tensors]  # fmt: skip
    problems = unsupported(replace(register, tensors=tuple(tensors)))
    assert any("its variables take 314,572,800 bytes" in problem for problem in problems)


def test_variables_that_nothing_updates_are_not_made_where_no_board_holds_them() -> None:
    grid = Quantization((0.5,), (0,))
    large = Tensor(1, "v", (1 << 20, 1000), "int8", grid, is_variable=True)
    tensors = (
        Tensor(0, "in", (1,), "int8", grid),
        large,
        Tensor(2, "out", large.shape, "int8", grid),
    )
    adding = Operator(0, "ADD", (0, 1), (2,), {"fused_activation_function": "NONE"})
    problems = unsupported(Graph("large", tensors, (adding,), (0,), (2,)))
    assert any("its variables take 1,048,576,000 bytes" in problem for problem in problems)


def test_weights_that_are_a_single_number_are_told() -> None:
    grid = Quantization((0.5,), (0,))
    tensors = tuple(Tensor(i, name, (), "int8", grid) for i, name in enumerate("xwy"))
    layer = Operator(0, "FULLY_CONNECTED", (0, 1), (2,), {"fused_activation_function": "NONE"})
    assert unsupported(Graph("scalars", tensors, (layer,), (0, 1), (2,)))

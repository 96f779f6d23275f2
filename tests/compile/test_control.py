"""IF and WHILE as C control flow, every byte as the interpreter gives it."""

import re
from dataclasses import replace

import numpy as np
import pytest
from tests.support.branching_models import choice, countdown
from tests.support.host_run import run_on_host

from qmcu.codegen.model_source import model_sources
from qmcu.compile import compile_graph, unsupported
from qmcu.compile.check import violations
from qmcu.model.graph import Graph
from qmcu.model.oracle import Oracle
from qmcu.model.writer import write_model


def compare(graph: Graph, vectors: list[list[np.ndarray]]) -> None:
    oracle = Oracle(write_model(graph))
    expected = [[a.tobytes() for a in oracle.run(inputs)] for inputs in vectors]
    assert run_on_host(graph, vectors) == expected


def rows(count: int) -> list[list[np.ndarray]]:
    rng = np.random.default_rng(3)
    return [
        [rng.integers(-128, 128, (1, 6), dtype=np.int8) for _ in range(2)] for _ in range(count)
    ]


def test_one_of_two_branches_is_taken() -> None:
    vectors = [[np.array([i % 2 == 0]), *row] for i, row in enumerate(rows(6))]
    compare(choice(), vectors)


@pytest.mark.parametrize("start", [0, 3, 5, 9])
def test_a_loop_runs_while_its_condition_holds(start: int) -> None:
    compare(countdown(), [[np.array([start], np.int32), *row] for row in rows(3)])


def test_a_branching_is_one_layer() -> None:
    plan = compile_graph(choice())
    assert [(layer.name, layer.kind) for layer in plan.layers] == [
        ("l00_if", "IF"),
        ("l01_add", "ADD"),
    ]
    (control,) = plan.controls
    assert (control.first, control.last) == (plan.layers[0].first, plan.layers[0].last)
    assert plan.layers[0].writes == (3, 4)
    assert list(violations(plan)) == []


def test_calls_that_do_the_same_are_one_function_in_branches_too() -> None:
    """Both branches add the same at the same places: the C has one function, called by both."""
    graph = choice()
    then, other = graph.subgraphs
    alike = replace(other, operators=then.operators, outputs=then.outputs)
    graph = replace(graph, subgraphs=(then, alike))
    source = model_sources(compile_graph(graph))["model.c"]
    pattern = r"^static void (\w+)\(const void \*const \*arguments\)$"
    defined = re.findall(pattern, source, re.MULTILINE)
    called = re.findall(r"^ +(\w+)\((?:NULL|\w+_arguments)\);$", source, re.MULTILINE)
    assert called and set(called) <= {*defined}
    assert len(defined) < len(compile_graph(graph).calls) + 1
    compare(graph, [[np.array([i % 2 == 0]), *row] for i, row in enumerate(rows(4))])


def test_a_branching_inside_a_loop() -> None:
    graph = countdown()
    condition, body = graph.subgraphs
    inner = choice()
    shifted = tuple(
        replace(op, options={"then_subgraph_index": 3, "else_subgraph_index": 4})
        for op in inner.operators[:1]
    )
    # Within the loop: IF n < limit, as before, x + x and x, else RELU(x) and y.
    extra = (
        replace(inner.tensors[0], index=6, name="flag"),
        *(replace(inner.tensors[i], index=4 + i, name=f"if{i}") for i in (3, 4)),
        replace(condition.tensors[3], index=9),
    )
    operators = (
        replace(body.operators[0]),
        replace(condition.operators[0], index=1, inputs=(0, 9), outputs=(6,)),
        replace(shifted[0], index=2, inputs=(6, 1, 2), outputs=(7, 8)),
        replace(body.operators[1], index=3, inputs=(7, 8)),
    )
    tensors = (*body.tensors, *extra)
    nested = replace(body, tensors=tensors, operators=operators)
    graph = replace(graph, subgraphs=(condition, nested, *inner.subgraphs))
    plan = compile_graph(graph)
    assert [control.kind for control in plan.controls] == ["IF", "WHILE"]
    assert len([layer for layer in plan.layers if layer.kind == "WHILE"]) == 1
    compare(graph, [[np.array([2], np.int32), *row] for row in rows(3)])


def test_a_subgraph_that_calls_itself_is_refused() -> None:
    graph = choice()
    then, other = graph.subgraphs
    again = replace(
        graph.operators[0], inputs=(3, 0, 1), outputs=(2, 4), options=graph.operators[0].options
    )
    tensors = (*then.tensors, graph.tensors[0], graph.tensors[4])
    tensors = tuple(replace(t, index=i) for i, t in enumerate(tensors))
    broken = replace(then, tensors=tensors, operators=(again,), inputs=(0, 1), outputs=(2, 4))
    assert "its subgraph calls itself" in unsupported(replace(graph, subgraphs=(broken, other)))[0]


def test_other_sizes_than_the_operator_has_are_refused() -> None:
    graph = choice()
    then, other = graph.subgraphs
    smaller = replace(then, inputs=(0,))
    found = unsupported(replace(graph, subgraphs=(smaller, other)))
    assert "take or give tensors of other sizes" in found[0]


def kept_through_a_loop() -> Graph:
    """WHILE n < 3: n + 1, x + y, y as it was, with sums between whose bytes could be y's."""
    graph = countdown(3)
    condition, body = graph.subgraphs
    more = tuple(
        replace(body.tensors[5], index=index, name=f"sum{index}") for index in range(6, 10)
    )
    options = body.operators[1].options
    chain = [(1, 2, 6), (6, 6, 7), (7, 6, 8), (8, 7, 9), (9, 1, 5)]
    sums = tuple(
        replace(body.operators[1], index=i, inputs=(a, b), outputs=(c,), options=options)
        for i, (a, b, c) in enumerate(chain, 1)
    )
    turn = replace(
        body,
        tensors=(*body.tensors, *more),
        operators=(body.operators[0], *sums),
        outputs=(4, 5, 2),
    )
    return replace(graph, outputs=(3, 4), subgraphs=(condition, turn))


def test_what_a_loop_is_given_and_only_reads_lives_until_its_end() -> None:
    graph = kept_through_a_loop()
    plan = compile_graph(graph)
    (loop,) = plan.controls
    kept = next(p for p in plan.placements if graph.operators[0].outputs[2] in p.tensors)
    assert kept.last >= loop.last - 1
    compare(graph, [[np.array([0], np.int32), *row] for row in rows(3)])


def test_a_plan_that_loses_it_after_the_first_round_is_no_plan() -> None:
    plan = compile_graph(kept_through_a_loop())
    (loop,) = plan.controls
    kept = next(p for p in plan.placements if plan.controls[0].writes[2] in p.tensors)
    read = max(s for s in range(loop.middle, loop.last) if kept.tensors[0] in plan.calls[s].reads)
    shorter = tuple(replace(p, last=read) if p is kept else p for p in plan.placements)
    problems = list(violations(replace(plan, placements=shorter)))
    assert problems and all("in a next round reads" in problem for problem in problems)

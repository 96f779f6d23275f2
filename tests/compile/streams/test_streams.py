"""Layers streamed through each other: the interpreter's bytes, less memory, and plans that hold."""

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from bench.operators.rows import row_chain
from bench.performance.models import mobilenet
from tests.support.host_run import run_on_host

from qmcu.codegen.model_source import model_sources
from qmcu.compile import CompileOptions, Plan, compile_graph, compile_streamed
from qmcu.compile.check import violations
from qmcu.compile.plan import KernelCall, PlanTensor
from qmcu.compile.serialization import plan_from_json, plan_to_json
from qmcu.model.graph import Graph, Operator
from qmcu.model.oracle import Oracle
from qmcu.model.random_inputs import random_array
from qmcu.model.writer import write_model
from qmcu.report.plan import plan_lines

RAM = CompileOptions("portable", "ram")


def streamed_plans(count: int, kernel: str = "move_rows") -> Iterator[tuple[Graph, Plan]]:
    for seed in range(1000):
        graph = row_chain(np.random.default_rng(seed))
        plan = compile_streamed(graph, CompileOptions(), seed)
        if any(call.kernel == kernel for call in plan.calls):
            yield graph, plan
            count -= 1
        if not count:
            return


def test_streamed_chains_give_the_interpreters_bytes_under_the_sanitizers() -> None:
    for graph, plan in streamed_plans(6):
        assert_equal_on_host(graph, plan)


@pytest.mark.parametrize("kernel", ["average_of_sums", "mean_of_sums"])
def test_means_of_whole_images_are_summed_up_row_by_row(kernel: str) -> None:
    for graph, plan in streamed_plans(3, kernel):
        assert sum(call.kernel == "sum_rows" for call in plan.calls) > 1
        assert_equal_on_host(graph, plan)


def assert_equal_on_host(graph: Graph, plan: Plan) -> None:
    rng = np.random.default_rng(3)
    inputs = [random_array(rng, graph, t, 1)[0] for t in graph.input_tensors]
    expected = [output.tobytes() for output in Oracle(write_model(graph)).run(inputs)]
    assert run_on_host(plan, [inputs]) == [expected]


def test_the_first_rows_are_computed_as_few_at_a_time_as_later_ones() -> None:
    for graph, plan in streamed_plans(20):
        sizes: dict[tuple[int, str], list[int]] = {}
        for call in plan.calls:
            part = plan.tensor(call.writes[0])
            if part.part is not None and call.kernel != "move_rows":
                sizes.setdefault((call.operator, call.kernel), []).append(part.shape[1])
        assert all(rows[0] <= max(rows[1:]) for rows in sizes.values() if len(rows) > 1), graph


def test_nothing_is_computed_twice() -> None:
    # Rows that nobody reads are not computed at all.
    for graph, plan in streamed_plans(20):
        assert plan.macs <= compile_graph(graph).macs


def test_plans_are_the_same_after_json() -> None:
    ((_, plan),) = streamed_plans(1)
    assert plan_from_json(plan_to_json(plan)) == plan


@pytest.mark.parametrize(
    "core",
    [
        CompileOptions("portable"),
        CompileOptions("native", dsp=True, fpu=True),
        CompileOptions("native", dsp=True, fpu=True, mve=True),
    ],
)
def test_ram_streams_the_first_layers_of_a_mobilenet_and_says_so(core: CompileOptions) -> None:
    graph = mobilenet()
    balanced, ram = compile_graph(graph, core), compile_graph(graph, replace(core, optimize="ram"))
    assert ram.arena_size < 0.86 * balanced.arena_size
    (said,) = (line for line in plan_lines(ram) if "rows at a time" in line)
    assert "l00_conv_2d to " in said and "the arena's peak is" in said
    if core.mve:  # rows of a depthwise layer take no room of their own
        call = next(c for c in _over_rows(ram) if c.kind == "DEPTHWISE_CONV_2D")
        written = ram.tensor(call.writes[0])
        beside = _with_tensor(ram, replace(written, offset=written.offset + 4))
        assert any("beside the start" in problem for problem in violations(beside))


def _over_rows(plan: Plan) -> list[KernelCall]:
    """The calls that write rows over those that they read."""
    parts = {t.index: t.offset for t in _parts(plan)}
    return [
        call
        for call in plan.calls
        if call.kernel != "move_rows"
        and any(a in parts and parts[a] == parts.get(b) for a, b in call.may_overlay)
    ]


def test_outputs_lie_over_rows_that_nobody_reads_any_more() -> None:
    graph, plan = next(one for one in streamed_plans(40) if _over_rows(one[1]))
    assert_equal_on_host(graph, plan)


def test_functions_of_streamed_layers_that_do_the_same_are_one() -> None:
    plan = compile_graph(mobilenet(), RAM)
    source = model_sources(plan)["model.c"]
    table = source.split("qmcu_model_layers[QMCU_MODEL_LAYERS] = {")[1].split("};")[0]
    runs = re.findall(r"\{(\w+), (\w+)\}", table)
    assert len(runs) == len(plan.calls)
    assert len(set(runs)) < 0.8 * len(runs)
    assert all(f"static void {run}(const void *const *arguments)" in source for run, _ in runs)
    lists = {own for _, own in runs} - {"NULL"}
    assert lists and all(f"static const void *const {own}[] = {{" in source for own in lists)


def _parts(plan: Plan) -> list[PlanTensor]:
    return [t for t in plan.tensors if t.part is not None]


def _with_tensor(plan: Plan, tensor: PlanTensor) -> Plan:
    return replace(
        plan, tensors=tuple(tensor if t.index == tensor.index else t for t in plan.tensors)
    )


def test_the_check_finds_rows_at_the_wrong_place() -> None:
    found = 0
    for _, plan in streamed_plans(10):
        (move, *_) = [c for c in plan.calls if c.kernel == "move_rows"]
        tensor = plan.tensor(move.reads[0])
        row = tensor.size // tensor.shape[1]
        moved = _with_tensor(plan, replace(tensor, offset=tensor.offset - row))
        found += bool(list(violations(moved)))
    assert found == 10


def test_the_check_finds_a_missing_step() -> None:
    for _, plan in streamed_plans(5):
        for number, call in enumerate(plan.calls):
            if call.kernel == "move_rows" or _writes_rows_that_are_read(plan, call):
                kept = (*plan.calls[:number], *plan.calls[number + 1 :])
                assert list(violations(replace(plan, calls=kept))), call.layer


def _writes_rows_that_are_read(plan: Plan, call: KernelCall) -> bool:
    """Whether a streamed call writes what another needs, every row of which is read."""
    written = plan.tensor(call.writes[0])
    if written.part is None:
        return False
    needed = (plan.tensor(t).part for c in plan.calls for t in c.reads if c is not call)
    return any(p is not None and p == written.part for p in needed)


def test_rows_of_another_tensor_are_told() -> None:
    ((_, plan),) = streamed_plans(1)
    tensor = _parts(plan)[0]
    assert tensor.part is not None
    other = replace(tensor, part=replace(tensor.part, row=tensor.part.row + 1))
    assert list(violations(_with_tensor(plan, other)))


def test_rows_may_be_read_under_another_name() -> None:
    checked = 0
    for graph, _ in streamed_plans(20):
        last = graph.tensors[graph.outputs[-1]]
        flat = replace(last, index=len(graph.tensors), name="flat", shape=(1, last.elements))
        again = replace(flat, index=flat.index + 1, name="again")
        operators = (
            *graph.operators,
            Operator(len(graph.operators), "RESHAPE", (last.index,), (flat.index,)),
            Operator(len(graph.operators) + 1, "RELU", (flat.index,), (again.index,)),
        )
        longer = replace(
            graph,
            tensors=(*graph.tensors, flat, again),
            operators=operators,
            outputs=(*graph.outputs[:-1], again.index),
        )
        plan = compile_streamed(longer, CompileOptions(), checked)
        checked += any(p.part is not None and p.part.tensor == last.index for p in plan.tensors)
    assert checked > 5


def test_rows_may_be_read_of_what_was_written_under_another_name() -> None:
    checked = 0
    for graph, _ in streamed_plans(20):
        image = graph.tensors[0]
        flat = replace(image, index=len(graph.tensors), name="flat", shape=(1, image.elements))
        reshape = Operator(len(graph.operators), "RESHAPE", (flat.index,), (0,))
        longer = replace(
            graph,
            tensors=(*graph.tensors, flat),
            operators=(reshape, *graph.operators),
            inputs=(flat.index,),
        )
        plan = compile_streamed(longer, CompileOptions(), checked)
        checked += any(p.part is not None and p.part.tensor == 0 for p in plan.tensors)
    assert checked > 5

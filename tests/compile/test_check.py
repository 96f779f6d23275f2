"""A plan that cannot be right is refused, whatever is wrong with it."""

import dataclasses
import itertools
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench.operators.everyday import EVERYDAY
from tests.support.firmware_project import chain, residual

import qmcu.compile.compiler
import qmcu.compile.lifetimes
from qmcu.compile import CompileOptions, compile_graph
from qmcu.compile.check import check_plan, violations
from qmcu.compile.compiler import overlay_everywhere
from qmcu.compile.plan import KernelCall, Placement, Plan, TensorArgument
from qmcu.compile.serialization import load_plan, plan_to_json
from qmcu.errors import PlanError, UsageError
from qmcu.model.graph import Graph, Operator, OptionValue, Quantization, Tensor

FAST = CompileOptions("native", "balanced", dsp=True, fpu=True)


@pytest.fixture
def plan() -> Plan:
    return compile_graph(residual(), dataclasses.replace(FAST, optimize="speed"))


def with_call(plan: Plan, step: int, **changes: Any) -> Plan:
    calls = list(plan.calls)
    calls[step] = dataclasses.replace(calls[step], **changes)
    return dataclasses.replace(plan, calls=tuple(calls))


def with_placement(plan: Plan, at: int, **changes: Any) -> Plan:
    placements = list(plan.placements)
    placements[at] = dataclasses.replace(placements[at], **changes)
    return dataclasses.replace(plan, placements=tuple(placements))


def with_tensor(plan: Plan, at: int, **changes: Any) -> Plan:
    tensors = list(plan.tensors)
    tensors[at] = dataclasses.replace(tensors[at], **changes)
    return dataclasses.replace(plan, tensors=tuple(tensors))


def test_real_plans_are_right() -> None:
    targets = (
        CompileOptions(),
        FAST,
        CompileOptions("native", "ram", dsp=True, fpu=True, mve=True),
    )
    for graph, target in itertools.product((chain(), residual()), targets):
        plan = compile_graph(graph, target)
        assert not list(violations(plan))
        assert not list(violations(overlay_everywhere(graph, plan)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: dataclasses.replace(p, arena_size=p.arena_size - 1), "the arena has"),
        (lambda p: with_placement(p, 0, offset=2), "no multiple of 4"),
        (lambda p: with_placement(p, 0, offset=-4), "the arena has"),
        (lambda p: with_placement(p, 0, last=99), "lives from step"),
        (lambda p: with_placement(p, 1, first=3, last=2), "lives from step"),
        (lambda p: dataclasses.replace(p, arena_lower_bound=1 << 30), "below its bound"),
        (lambda p: with_placement(p, 0, tensors=()), "has no place"),
        (lambda p: with_tensor(p, 1, offset=p.tensors[1].offset + 4), "is not inside its buffer"),
        (lambda p: with_tensor(p, 1, shape=(5,)), r"of int8 \[5\] has"),
        (lambda p: with_tensor(p, 1, index=p.tensors[0].index), "is described twice"),
        (lambda p: with_call(p, 1, layer=p.calls[0].layer), "two layers are called"),
        (lambda p: with_call(p, 0, layer="a b"), "is no name in C"),
        (lambda p: with_call(p, 0, kernel="../x"), "is no name in C"),
        (lambda p: with_call(p, 0, reads=(999,)), "tensor 999 is used and not described"),
        (lambda p: with_call(p, 0, arguments=()), "is not given its tensor"),
        (
            lambda p: with_call(p, 0, arguments=(*p.calls[0].arguments, TensorArgument(999))),
            "is given tensor 999 and does not use it",
        ),
        (lambda p: with_call(p, 0, overread=1 << 20), "may load up to"),
        (lambda p: with_call(p, 0, overread=-(1 << 20)), "may load up to"),
        (lambda p: dataclasses.replace(p, calls=p.calls[1:]), "before it is written|lives from"),
        (
            lambda p: dataclasses.replace(p, calls=p.calls[::-1]),
            "lives from|before|no room for",
        ),
        (lambda p: dataclasses.replace(p, inputs=()), "before it is written"),
        (lambda p: dataclasses.replace(p, outputs=(p.inputs[0],)), "it lives from|written over"),
    ],
)
def test_what_cannot_be_right_is_said(
    plan: Plan, tmp_path: Path, change: Callable[[Plan], Plan], words: str
) -> None:
    wrong = change(plan)
    with pytest.raises(ValueError, match=words):
        check_plan(wrong)
    file = tmp_path / "plan.json"
    file.write_text(plan_to_json(wrong))
    with pytest.raises(UsageError, match=r"is no plan of a firmware: .*`qmcu build` writes it\.$"):
        load_plan(file)


def test_no_two_placements_that_live_at_once_may_meet() -> None:
    """Against the definition, pair by pair, on random placements."""
    drawn = random.Random(5)
    for _ in range(300):
        placements = []
        for number in range(drawn.randrange(2, 7)):
            first = drawn.randrange(-1, 6)
            placements.append(
                Placement(
                    f"p{number}", (), 4 * drawn.randrange(12), drawn.randrange(9), first,
                    drawn.randrange(first, 7),
                )
            )  # fmt: skip
        meet = any(
            a.first <= b.last and b.first <= a.last and a.offset < b.end and b.offset < a.end
            and a.size and b.size
            for a, b in itertools.combinations(placements, 2)
        )  # fmt: skip
        empty = Plan("p", "00", "portable", "balanced", tuple(placements), (), (), (), 99, 0, ())
        found = [v for v in violations(empty) if "share bytes" in v]
        assert bool(found) == meet


def twice() -> Graph:
    """x + x, each time over its input where that may be: an input that is read twice."""
    tensors = tuple(
        Tensor(i, f"t{i}", (1, 8), "int8", Quantization((0.5,), (0,), 0)) for i in range(3)
    )
    options: dict[str, OptionValue] = {
        "fused_activation_function": "NONE", "pot_scale_int16": True,
    }  # fmt: skip
    operators = (
        Operator(0, "ADD", (0, 0), (1,), options), Operator(1, "ADD", (1, 1), (2,), options),
    )  # fmt: skip
    return Graph("twice", tensors, operators, (0,), (2,))


def test_a_plan_that_overlays_an_input_read_twice_is_refused() -> None:
    plan = overlay_everywhere(twice(), compile_graph(twice()))
    first = plan.calls[0]
    assert first.reads == (0, 0)
    assert (0, 1) in first.may_overlay
    homes = {t: p for p in plan.placements for t in p.tensors}
    assert homes[0] is not homes[1]
    assert homes[1] is not homes[2]
    merged = Placement("t0", (0, 1, 2), 0, 8, -1, 2)
    tensors = tuple(dataclasses.replace(t, offset=0) for t in plan.tensors)
    wrong = dataclasses.replace(
        plan, placements=(merged,), tensors=tensors, arena_size=8, arena_lower_bound=8
    )
    with pytest.raises(ValueError, match="over t0, still read"):
        check_plan(wrong)


def test_an_overlay_needs_the_kernels_leave(plan: Plan) -> None:
    plan = overlay_everywhere(residual(), plan)
    over = [step for step, c in enumerate(plan.calls) if _overlaid(c, plan)]
    assert over
    for step in over:
        with pytest.raises(ValueError, match=r"over .*, still read"):
            check_plan(with_call(plan, step, may_overlay=()))


def _overlaid(call: KernelCall, plan: Plan) -> bool:
    homes = {t: p for p in plan.placements for t in p.tensors}
    return any(homes[r] is homes[w] for r in call.reads for w in call.writes)


def test_the_arena_has_room_for_overreads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer loads behind its input, which lies lowest: further than behind its output."""
    whole = chain(pixels=17, hidden=3)
    graph = dataclasses.replace(whole, operators=whole.operators[:1], outputs=(3,))
    filled_up = dataclasses.replace(FAST, mve=True, optimize="speed")
    plan = compile_graph(graph, filled_up)
    pixels = plan.tensor(plan.calls[0].reads[0])
    assert pixels.offset == 0
    assert plan.arena_size == pixels.size + plan.calls[0].overread == 32
    assert plan.arena_size > max(p.end for p in plan.placements)
    monkeypatch.setattr(qmcu.compile.compiler, "_read_end", lambda calls, placements: 0)
    monkeypatch.setattr(qmcu.compile.lifetimes, "_with_trails", lambda graph, calls, b: b)
    with pytest.raises(PlanError, match=r"may load up to .* a fault of qmcu, please report"):
        compile_graph(graph, filled_up)


def growing() -> Plan:
    """A convolution whose output is larger than its input, which it may trail."""
    rng = np.random.default_rng(3)
    graph = next(
        g
        for g in (EVERYDAY["CONV_2D"](rng) for _ in range(1000))
        if g.output_tensors[0].size > 1.2 * g.input_tensors[0].size > 600
    )
    plan = compile_graph(graph, FAST)
    assert plan.calls[0].may_trail
    return plan


def test_an_output_may_trail_its_input_as_far_as_its_kernel_says() -> None:
    plan = growing()
    ((source, target, distance),) = plan.calls[0].may_trail
    places = plan.tensor(source), plan.tensor(target)
    assert 0 < distance <= places[0].offset - places[1].offset < places[1].size
    for changes in ({"may_trail": ()}, {"may_trail": ((source, target, distance + 64),)}):
        with pytest.raises(ValueError, match=r"share bytes|still read"):
            check_plan(with_call(plan, 0, **changes))


def test_a_hostile_plan_is_a_sentence(plan: Plan, tmp_path: Path) -> None:
    """Every value in the document replaced by others: right, or one sentence."""
    drawn = random.Random(7)
    text = plan_to_json(plan)
    file = tmp_path / "plan.json"
    for _ in range(400):
        document = json.loads(text)
        _damage(document, drawn)
        file.write_text(json.dumps(document))
        try:
            load_plan(file)
        except UsageError as error:
            assert "\n" not in str(error)


def _damage(document: Any, drawn: random.Random) -> None:
    """Change one value, anywhere."""
    value, step = document, 0
    while True:
        key = drawn.choice(list(value) if isinstance(value, dict) else range(len(value)))
        inner = value[key]
        step += 1
        if not isinstance(inner, (dict, list)) or not inner or drawn.random() < 0.1:
            break
        value = inner
    value[key] = drawn.choice([None, -1, 0, 1 << 40, 1.5, "x", [], {}, [1], True, 10**30])

"""What `--optimize ram` trades: less arena for slower kernels, or nothing."""

from dataclasses import replace

import numpy as np
import pytest
from bench.operators.everyday import EVERYDAY
from bench.operators.packing import pack
from bench.performance.models import mobilenet

from qmcu.compile import CompileOptions, Plan, compile_graph
from qmcu.compile.ram import save_ram
from qmcu.report.plan import plan_lines

DSP = CompileOptions("native", dsp=True, fpu=True)
MVE = CompileOptions("native", dsp=True, mve=True)


def changed(plan: Plan, before: Plan) -> list[str]:
    pairs = zip(plan.calls, before.calls, strict=True)
    return [now.layer for now, old in pairs if now.arguments != old.arguments]


def test_a_smaller_arena_is_traded_for_slower_layers_and_said_so() -> None:
    balanced = compile_graph(mobilenet(), MVE)
    ram = compile_graph(mobilenet(), replace(MVE, optimize="ram"))
    assert ram.arena_size < 0.96 * balanced.arena_size
    layers = changed(ram, balanced)
    assert layers == [call.layer for call in ram.calls if call.trade]
    text = "\n".join(plan_lines(ram))
    assert all(layer in text for layer in layers)
    assert f"{ram.arena_size:,} bytes instead of {balanced.arena_size:,}" in text


def test_nothing_to_trade_is_said_so() -> None:
    graph = EVERYDAY["FULLY_CONNECTED"](np.random.default_rng(1))
    for optimize in ("balanced", "speed", "size", "ram"):
        plan = compile_graph(graph, replace(DSP, optimize=optimize))
        assert f"(--optimize {optimize}): nothing" in "\n".join(plan_lines(plan))


@pytest.mark.parametrize("target", [DSP, MVE])
def test_the_bound_never_rises(target: CompileOptions) -> None:
    rng = np.random.default_rng(4)
    for _ in range(10):
        graph = pack([EVERYDAY[kind](rng) for kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "ADD")])
        size = compile_graph(graph, replace(target, optimize="size"))
        ram = compile_graph(graph, replace(target, optimize="ram"))
        assert ram.arena_lower_bound <= size.arena_lower_bound


def test_without_other_forms_all_stays_as_it_is() -> None:
    graph = mobilenet()
    calls = compile_graph(graph, MVE).calls
    roots = {tensor.index: tensor.index for tensor in graph.tensors}
    assert save_ram(graph, calls, roots, lambda call: []) == calls


def test_what_speed_trades_is_stated_for_each_layer() -> None:
    size = compile_graph(mobilenet(), replace(DSP, optimize="size"))
    speed = compile_graph(mobilenet(), replace(DSP, optimize="speed"))
    for before, now in zip(size.calls, speed.calls, strict=True):
        assert bool(now.trade) == (now.constant_size > before.constant_size)
        if now.trade:
            assert f"{now.constant_size - before.constant_size:,} bytes more flash" in now.trade

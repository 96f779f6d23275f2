"""What `--optimize ram` trades: less arena for slower kernels, or nothing."""

from dataclasses import replace

import numpy as np
import pytest
from bench.operators.everyday import EVERYDAY
from bench.operators.packing import pack
from bench.performance.models import mobilenet

from qmcu.compile import CompileOptions, compile_graph
from qmcu.compile.ram import save_ram
from qmcu.model.graph import Graph
from qmcu.report.plan import plan_lines

DSP = CompileOptions("native", dsp=True, fpu=True)
MVE = CompileOptions("native", dsp=True, mve=True)


def layer_with_scratch() -> Graph:
    """A single layer with a form of less scratch: there is nothing to stream."""
    rng = np.random.default_rng(4)
    return next(g for g in (EVERYDAY["DEPTHWISE_CONV_2D"](rng) for _ in range(2000)) if trades(g))


def trades(graph: Graph) -> bool:
    return any(c.trade for c in compile_graph(graph, replace(MVE, optimize="ram")).calls)


def test_a_smaller_arena_is_traded_for_slower_layers_and_said_so() -> None:
    graph = layer_with_scratch()
    balanced = compile_graph(graph, MVE)
    ram = compile_graph(graph, replace(MVE, optimize="ram"))
    assert ram.arena_size < 0.99 * balanced.arena_size
    (call,), (before,) = ram.calls, balanced.calls
    assert call.scratch_size < before.scratch_size
    text = "\n".join(plan_lines(ram))
    assert f"{call.layer}: a slower form: {call.kernel} with" in text
    assert f"the arena's peak is {ram.arena_lower_bound:,} bytes instead of" in text


def test_nothing_to_trade_is_said_so() -> None:
    rng = np.random.default_rng(1)
    some = (EVERYDAY["FULLY_CONNECTED"](rng) for _ in range(100))
    # Outputs and inputs in fours: the kernel has no zeros.
    graph = next(
        g
        for g in some
        if g.output_tensors[0].shape[-1] % 4 == 0 and g.tensors[1].shape[-1] % 4 == 0
    )
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


def test_what_speed_and_size_trade_is_stated_for_each_layer() -> None:
    balanced = compile_graph(mobilenet(), DSP)
    for setting, way in (("speed", "more"), ("size", "less")):
        plan = compile_graph(mobilenet(), replace(DSP, optimize=setting))
        for before, now in zip(balanced.calls, plan.calls, strict=True):
            flash = abs(now.constant_size - before.constant_size)
            assert bool(now.trade) == bool(flash)
            if now.trade:
                assert f"{flash:,} bytes {way} flash" in now.trade


def test_an_arena_larger_than_with_plain_c_takes_forms_with_less_scratch() -> None:
    scalar = CompileOptions("native")
    rng = np.random.default_rng(8)
    less = 0
    for _ in range(20):
        graph = EVERYDAY["CONV_2D"](rng)
        library = replace(scalar, kernels="cmsis-nn")
        plain, balanced, fast, peer = (
            compile_graph(graph, options)
            for options in (CompileOptions(), scalar, replace(scalar, optimize="speed"), library)
        )
        # It is taken whole, or not at all; if plain C's is out of reach, what is as small as the
        # library's.
        most = max(plain.arena_size, peer.arena_size)
        assert balanced.arena_size <= most or balanced.calls == fast.calls
        less += balanced.arena_size < fast.arena_size
    assert less

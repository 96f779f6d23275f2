"""What `--optimize size` trades: smaller constants for slower kernels, or nothing."""

from dataclasses import replace

import numpy as np
import pytest
from bench.performance.models import mobilenet
from tests.support.firmware_project import RESIDUAL_OPTIONS

from qmcu.compile import CompileOptions, Plan, compile_graph, enough, flash
from qmcu.compile.enough import within_enough
from qmcu.compile.flash import flash_of, save_flash, total
from qmcu.compile.plan import KernelCall
from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.report.plan import plan_lines

MVE = CompileOptions("native", dsp=True, fpu=True, mve=True)
DSP = CompileOptions("native", dsp=True, fpu=True)


def constants(plan: Plan) -> int:
    return sum(call.constant_size for call in plan.calls)


def test_smaller_constants_are_taken_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = mobilenet()
    sizes = {
        constants(compile_graph(graph, replace(MVE, optimize=o))) for o in ("balanced", "size")
    }
    assert len(sizes) == 1  # there is little, for many instructions
    for limit, value in (("_LEAST", 1), ("_LEAST_SHARE", 0.0), ("_MOST_SHARE", 10.0)):
        monkeypatch.setattr(flash, limit, value)
    balanced, size = (compile_graph(graph, replace(MVE, optimize=o)) for o in ("balanced", "size"))
    assert constants(size) < constants(balanced)
    text = "\n".join(plan_lines(size))
    pairs = zip(balanced.calls, size.calls, strict=True)
    changed = [(before, now) for before, now in pairs if before.kernel != now.kernel]
    assert changed
    for before, now in changed:
        saved = before.constant_size - now.constant_size
        assert f"{now.layer}: {now.kernel} for {before.kernel}: {saved:,} bytes less flash" in text


def test_nothing_is_traded_for_little() -> None:
    calls = compile_graph(mobilenet(), MVE).calls
    first = next(call for call in calls if call.macs)
    little = replace(first, kernel="conv_2d_dsp", arguments=first.arguments[:2])
    assert save_flash(calls, lambda call: [little] if call is first else []) == calls


def test_nothing_is_traded_for_very_many_instructions() -> None:
    calls = compile_graph(mobilenet(), MVE).calls
    alike = [replace(call, kernel="conv_2d", arguments=call.arguments[:1]) for call in calls]
    others = {call.layer: other for call, other in zip(calls, alike, strict=True)}
    # Kernels of which a few small layers alone are made may be given up.
    many = [c for c in calls if sum(o.macs for o in calls if o.kernel == c.kernel) > 500_000]
    saved = save_flash(calls, lambda call: [others[call.layer]])
    assert many and all(call in saved for call in many)


def sum_of_two(pixels: int, filters: int = 0, others: int = 4096) -> Graph:
    """ADD of two inputs, beside a 1x1 convolution of `others`, pixels, by so many `filters`."""
    image = (1, pixels, 1, 1)
    tensors = [
        Tensor(0, "a", image, "int8", Quantization((0.1,), (0,))),
        Tensor(1, "b", image, "int8", Quantization((0.07,), (3,))),
        Tensor(2, "sum", image, "int8", Quantization((0.12,), (-4,))),
    ]
    options = {**RESIDUAL_OPTIONS["ADD"], "fused_activation_function": "NONE"}
    operators = [Operator(0, "ADD", (0, 1), (2,), options)]
    if filters:
        shape = (1, others, 1, filters)
        weights = np.random.default_rng(1).integers(-127, 128, (filters, 1, 1, filters))
        packed = weights.astype(np.int8)
        tensors += [
            Tensor(3, "c", shape, "int8", Quantization((0.1,), (0,))),
            Tensor(4, "w", packed.shape, "int8", Quantization((0.01,), (0,)), packed.tobytes()),
            Tensor(5, "d", shape, "int8", Quantization((1.0,), (0,))),
        ]
        operators.append(Operator(1, "CONV_2D", (3, 4, -1), (5,), RESIDUAL_OPTIONS["CONV_2D"]))
    inputs, outputs = ((0, 1, 3), (2, 5)) if filters else ((0, 1), (2,))
    return Graph("sum", tuple(tensors), tuple(operators), inputs, outputs)


def test_a_table_is_left_out_where_it_outweighs_the_model_or_costs_little() -> None:
    def kernel(graph: Graph, optimize: str) -> str:
        return compile_graph(graph, replace(DSP, optimize=optimize)).calls[0].kernel

    assert kernel(sum_of_two(4096), "speed") == "add_table_dsp"
    assert kernel(sum_of_two(4096), "balanced") == "add_dsp"
    # 1 KB is a quarter of these weights, whose layer takes 140 times the sum's instructions.
    assert kernel(sum_of_two(4096, filters=64), "speed") == "add_table_dsp"
    assert kernel(sum_of_two(4096, filters=64), "balanced") == "add_dsp"
    # Of a layer of fewer pixels it takes a fiftieth or more, or a tenth.
    assert kernel(sum_of_two(4096, filters=64, others=256), "ram") == "add_table_dsp"
    assert kernel(sum_of_two(4096, filters=64, others=256), "balanced") == "add_dsp"
    # Above a tenth it goes only because constants would stay above what is enough.
    assert kernel(sum_of_two(4096, filters=64, others=16), "balanced") == "add_dsp"
    # Of these weights 1 KB is a fortieth.
    assert kernel(sum_of_two(4096, filters=200), "balanced") == "add_table_dsp"


def moved(monkeypatch: pytest.MonkeyPatch, most: int, outputs: int) -> tuple[KernelCall, ...]:
    """A mobilenet's calls with kernels moved to ones without weights until they take `most`."""
    calls = compile_graph(mobilenet(), DSP).calls
    small = [replace(c, kernel=f"{c.kernel}_small_dsp", arguments=c.arguments[:2]) for c in calls]
    monkeypatch.setattr(enough, "enough", lambda *_: total(calls) - most)
    goal = enough.GOALS["balanced"]
    return within_enough(calls, lambda _: [], lambda: [small], lambda _: outputs, lambda: (), goal)


def test_kernels_give_way_until_constants_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = moved(monkeypatch, 0, 1)
    assert calls == compile_graph(mobilenet(), DSP).calls
    some = moved(monkeypatch, 1000, 1)
    now = {call.kernel for call in some if "bytes less flash, slower" in call.trade}
    assert now and sum(map(flash_of, some)) <= sum(map(flash_of, calls)) - 1000
    # All layers of a kernel, and not more kernels than it takes.
    assert not {kernel.removesuffix("_small_dsp") for kernel in now} & {c.kernel for c in some}
    assert {call.kernel for call in some if call.macs} - now
    everything = moved(monkeypatch, 1 << 30, 1)  # never enough: what saves most
    assert all(call.kernel.endswith("_small_dsp") for call in everything if call.macs)
    monkeypatch.setattr(enough, "_SMALL_TAKES", 1000.0)
    assert moved(monkeypatch, 1000, 1000) == calls  # too slow

"""What `--optimize size` trades: smaller constants for slower kernels, or nothing."""

from dataclasses import replace

import pytest
from bench.performance.models import mobilenet

from qmcu.compile import CompileOptions, Plan, compile_graph, flash
from qmcu.compile.flash import save_flash
from qmcu.report.plan import plan_lines

MVE = CompileOptions("native", dsp=True, fpu=True, mve=True)


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

"""When 3x3 weights are transformed: in flash, while the layer runs, or not at all."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.support.chains import convolutions

from qmcu.compile import CompileOptions, Plan, compile_graph, late_weights
from qmcu.compile.alternatives import layer_forms
from qmcu.compile.flash import flash_of
from qmcu.compile.kernel_sets.dsp.winograd_bytes import KERNEL
from qmcu.compile.late_weights import (
    Limits,
    together_of,
    with_late_weights,
    without_transforms,
)
from qmcu.compile.plan import KernelCall
from qmcu.report.plan import plan_lines

DSP = CompileOptions("native", dsp=True, fpu=True)
IN_FLASH = "conv_3x3_winograd_dsp"
# The second layer makes the arena's peak: behind it there is room for scratch.
DEEP = convolutions((24, 24), (8, 64, 16, 16, 8))


def flash(plan: Plan) -> int:
    return sum(map(flash_of, plan.calls))


def kernels(plan: Plan) -> list[str]:
    return [call.kernel for call in plan.calls]


@pytest.mark.parametrize(
    ("size", "depths"),
    [((24, 24), (8, 64, 16, 16, 8)), ((16, 16), (32, 64, 16, 16, 16)), ((32, 32), (4, 32, 8, 8)),
     ((32, 32), (16, 16)), ((8, 8), (64, 64)), ((13, 7), (12, 24, 16, 24))],
)  # fmt: skip
def test_constants_and_arena_are_within_those_of_the_library(
    size: tuple[int, int], depths: Sequence[int]
) -> None:
    graph = convolutions(size, depths)
    plan = compile_graph(graph, DSP)
    library = compile_graph(graph, replace(DSP, kernels="cmsis-nn"))
    assert flash(plan) <= 1.05 * flash(library)
    assert plan.arena_size <= library.arena_size


def test_weights_are_bytes_in_flash_by_default_and_transformed_for_speed() -> None:
    plan = compile_graph(DEEP, DSP)
    fast = compile_graph(DEEP, replace(DSP, optimize="speed"))
    assert kernels(plan).count(KERNEL) == 3 and IN_FLASH not in kernels(plan)
    assert set(kernels(fast)) == {IN_FLASH}
    assert flash(fast) > 7 * flash(plan)
    assert KERNEL not in kernels(compile_graph(DEEP, replace(DSP, optimize="size")))


def test_no_more_tiles_lie_in_scratch_than_the_arena_has_room_for() -> None:
    plan = compile_graph(DEEP, DSP)
    by_windows = compile_graph(DEEP, replace(DSP, optimize="size"))
    assert plan.arena_size <= 1.05 * by_windows.arena_size
    assert max(together_of(c) for c in plan.calls if c.kernel == KERNEL) < 36  # not all of them


def test_what_a_layer_takes_and_saves_is_said() -> None:
    said = [line for line in plan_lines(compile_graph(DEEP, DSP)) if "while it runs" in line]
    assert len(said) == 3
    assert all("bytes of scratch for about" in line for line in said)
    assert "in flash they would take 32,252 bytes more" in said[0]


def settled(limits: Limits, calls: Sequence[KernelCall]) -> list[str]:
    """The kernels that the limits give; what late weights need in scratch is the arena."""
    forms = {layer.operator: list(layer.forms.values()) for layer in layer_forms(DEEP, DSP)}

    def peak(trial: Sequence[KernelCall]) -> int:
        return sum(call.scratch_size for call in trial if call.kernel == KERNEL)

    found = with_late_weights(calls, lambda call: forms[call.operator], peak, limits)
    return [call.kernel for call in found]


def test_limits_of_arena_and_flash_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = compile_graph(DEEP, replace(DSP, optimize="speed")).calls
    forms = {layer.operator: list(layer.forms.values()) for layer in layer_forms(DEEP, DSP)}
    by_windows = [c.kernel for c in without_transforms(calls, lambda call: forms[call.operator])]
    assert set(by_windows) == {"conv_2d_rows_four_dsp"}
    assert settled(Limits(0, 0, 0), calls) == by_windows
    assert set(settled(Limits(1 << 20, 1 << 20, 0), calls)) == {KERNEL}
    # Weights in flash where they have room there.
    assert set(settled(Limits(0, 0, 1 << 20), calls)) == {IN_FLASH}
    some = settled(Limits(0, 0, 80_000), calls)
    assert IN_FLASH in some and set(some) - {IN_FLASH} == {"conv_2d_rows_four_dsp"}
    # A larger arena has its price, and its limit.
    monkeypatch.setattr(late_weights, "_SHARES", (1.0, 1 << 20))
    assert settled(Limits(1, 1 << 20, 0), calls) == by_windows
    monkeypatch.setattr(late_weights, "_RAM_PRICE", 1.0)
    assert KERNEL in settled(Limits(1, 1 << 20, 0), calls)
    assert settled(Limits(1, 1, 0), calls) == by_windows

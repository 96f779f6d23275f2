"""With `--optimize size` the smallest image is built of what all settings make."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from bench.operators.everyday import EVERYDAY

from qmcu.board import load_board
from qmcu.builder import BuildOptions, build_firmware
from qmcu.builder.memory import MemoryReport, RegionUse
from qmcu.builder.smallest import smallest
from qmcu.compile import CompileOptions, Plan, compile_graph
from qmcu.errors import DoesNotFitError
from qmcu.firmware import Firmware
from qmcu.model.writer import write_model

DSP = CompileOptions("native", dsp=True, fpu=True)


@dataclass(frozen=True)
class Trial:
    """What a setting made, and by which options it is compiled."""

    setting: str
    plan: Plan
    flags: str = ""

    def named(self, optimize: str, flags: str) -> "Trial":
        assert optimize == "size"
        return replace(self, flags=flags)


@dataclass
class Builds:
    """Stands for the compiler: flash by setting and options, 0 where it does not fit."""

    flash: dict[tuple[str, str], int]
    plans: dict[str, Plan]

    def __post_init__(self) -> None:
        self.built: list[tuple[str, str]] = []

    def by(self, setting: str) -> Trial:
        if setting not in self.plans:
            raise DoesNotFitError("too large")
        return Trial(setting, self.plans[setting])

    def build(self, trial: Trial) -> MemoryReport:
        self.built.append((trial.setting, trial.flags))
        size = self.flash[self.built[-1]]
        if size == 0:
            raise DoesNotFitError("too large")
        flash = RegionUse("flash", "flash", 0, 1 << 20, size)
        return MemoryReport("b", "m", "0" * 64, "native", 0, 0, (flash,), (), {}, "0" * 64)

    def chosen(self) -> tuple[str, str]:
        best = smallest(self.by("size"), self.by, self.build)
        return best.setting, best.flags


def plan_of(kind: str, seed: int) -> Plan:
    graph = EVERYDAY[kind](np.random.default_rng(seed))
    return compile_graph(graph, replace(DSP, optimize="size"))


def two_plans() -> dict[str, Plan]:
    """Plans of other kernels with constants of nearly one size."""
    return {"size": plan_of("SOFTMAX", 1), "balanced": plan_of("ADD", 1)}


@pytest.mark.parametrize(
    ("flash", "chosen"),
    [
        ((1000, 1000, 1000, 1000), ("size", "size")),
        ((1000, 999, 1000, 1000), ("size", "balanced")),
        ((1000, 999, 998, 1000), ("balanced", "size")),
        ((1000, 999, 998, 997), ("balanced", "balanced")),
        ((0, 0, 1200, 0), ("balanced", "size")),
        ((0, 0, 0, 0), ("size", "")),
    ],
)
def test_the_smallest_of_plans_and_options_is_taken(
    flash: tuple[int, ...], chosen: tuple[str, str]
) -> None:
    ways = [(plan, flags) for plan in ("size", "balanced") for flags in ("size", "balanced")]
    builds = Builds(dict(zip(ways, flash, strict=True)), two_plans())
    assert builds.chosen() == chosen
    assert builds.built == ways


def test_what_is_the_same_or_cannot_be_smaller_is_not_built() -> None:
    plans = two_plans()
    flash = {("size", "size"): 1000, ("size", "balanced"): 990}
    assert Builds(flash, {**plans, "balanced": plans["size"]}).chosen() == ("size", "balanced")
    large = plan_of("FULLY_CONNECTED", 4)
    assert sum(call.constant_size for call in large.calls) > 2000
    assert Builds(flash, {**plans, "balanced": large}).chosen() == ("size", "balanced")


@pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="no compiler")
def test_no_image_is_smaller_than_that_of_size(tmp_path: Path) -> None:
    # Its kernel takes more bytes with the options of `size`.
    model = tmp_path / "m.tflite"
    model.write_bytes(write_model(EVERYDAY["DEPTHWISE_CONV_2D"](np.random.default_rng(0))))
    board = load_board("mps3-an547")
    used = {
        setting: build_firmware(
            model, board, tmp_path / setting, BuildOptions("native", setting)
        ).used("flash")
        for setting in ("balanced", "size")
    }
    assert Firmware.load(tmp_path / "size").plan.optimize == "size"
    assert used["size"] <= used["balanced"]
    assert "-fno-tree-ch" not in (tmp_path / "size" / "Makefile").read_text()

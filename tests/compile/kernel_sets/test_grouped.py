"""Convolutions of groups of channels: which kernels they get, and every byte on emulated boards."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from bench.operators import chain
from bench.operators.batches import batches
from bench.operators.everyday import grouped_convolution
from tests.compile.kernel_sets.test_slower import CORES, is_plain

from qmcu.builder import find_tool
from qmcu.compile import compile_graph
from qmcu.compile.flash import flash_of
from qmcu.compile.plan import KernelCall
from qmcu.model.graph import Graph

DSP, MVE = CORES["dsp"], CORES["mve"]
APART = {"dsp": "conv_2d_any_dsp", "mve": "conv_2d_groups_mve", "scalar": "conv_2d_scalar"}


def _graphs(count: int) -> list[Graph]:
    rng = np.random.default_rng(5)
    return [grouped_convolution(rng) for _ in range(count)]


def _call(graph: Graph, core: str, optimize: str = "balanced") -> KernelCall:
    (call,) = compile_graph(graph, replace(CORES[core], optimize=optimize)).calls
    return call


@pytest.mark.parametrize("core", CORES)
def test_groups_never_fall_to_plain_c(core: str) -> None:
    kernels = [_call(graph, core).kernel for graph in _graphs(60)]
    assert not [kernel for kernel in kernels if is_plain(kernel)]
    assert APART[core] in kernels


@pytest.mark.parametrize("core", ["dsp", "mve"])
def test_zeros_stand_for_other_groups_where_they_pay(core: str) -> None:
    graphs = _graphs(60)
    calls = {o: [_call(graph, core, o) for graph in graphs] for o in ("balanced", "speed", "size")}
    sizes = {o: sum(call.constant_size for call in found) for o, found in calls.items()}
    # A model of one such layer has no room for zeros by default.
    assert sizes["size"] <= sizes["balanced"] < sizes["speed"]
    assert all(
        flash_of(least) <= flash_of(call)
        for least, call in zip(calls["size"], calls["balanced"], strict=True)
    )
    assert sum("zeros for" in call.trade for call in calls["speed"]) > 5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("board", "device", "emulator"),
    [("stm32f407", "unicorn", ""), ("mps3-an547", "qemu", "qemu-system-arm")],
)
@pytest.mark.parametrize("optimize", ["balanced", "size"])
def test_groups_equal_the_interpreter(
    board: str, device: str, emulator: str, optimize: str
) -> None:
    for tool in ("arm-none-eabi-gcc", *([emulator] if emulator else [])):
        if find_tool(tool) is None:
            pytest.skip(f"{tool} is not installed")
    kernels: Counter[str] = Counter()
    for batch in batches("CONV_2D", 30, 6, {"CONV_2D": grouped_convolution}):
        outcome = chain.run(batch, board, device, "native", optimize=optimize)
        assert outcome.problem == ""
        assert all(outcome.equal)
        kernels.update(name for name, _ in outcome.kernels)
    assert kernels[APART["mve" if device == "qemu" else "dsp"]] >= 8

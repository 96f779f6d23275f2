"""The DSP kernels: packing by hand, and every byte on an emulated Cortex-M4."""

import numpy as np
import pytest
from bench.operators import GENERATORS, chain
from bench.operators.batches import batches
from bench.operators.everyday import EVERYDAY

from qmcu.build import find_tool
from qmcu.compile import OPTIMIZATIONS, Target, compile_graph
from qmcu.compile.kernel_sets.dsp import pack_filters, pack_halfwords, pack_taps
from qmcu.compile.plan import ConstantArgument, KernelCall

DSP = Target("native", dsp=True)


def test_filters_are_packed_step_by_step() -> None:
    filters = np.arange(15, dtype=np.int8).reshape(3, 5)
    packed = pack_filters(filters, 2)
    assert packed.shape == (2, 2, 2, 4)
    assert packed[0, 0].tolist() == [[0, 1, 2, 3], [5, 6, 7, 8]]
    assert packed[0, 1].tolist() == [[4, 0, 0, 0], [9, 0, 0, 0]]
    assert packed[1, 0].tolist() == [[10, 11, 12, 13], [0, 0, 0, 0]]


def test_taps_are_packed_in_pairs() -> None:
    filters = np.arange(12, dtype=np.int8).reshape(4, 3)
    packed = pack_taps(filters)
    assert packed.shape == (1, 2, 4, 2)
    assert packed[0, 0].tolist() == [[0, 1], [3, 4], [6, 7], [9, 10]]
    assert packed[0, 1].tolist() == [[2, 0], [5, 0], [8, 0], [11, 0]]


@pytest.mark.parametrize("kind", EVERYDAY)
def test_everyday_graphs_take_the_dsp_kernel(kind: str) -> None:
    rng = np.random.default_rng(5)
    kernels = [compile_graph(EVERYDAY[kind](rng), DSP).calls[0].kernel for _ in range(40)]
    assert sum(kernel.endswith("_dsp") for kernel in kernels) >= 30


@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"])
def test_multipliers_are_those_of_the_portable_kernel(kind: str) -> None:
    # Some products of scales differ in the last bit of the multiplier between float32 and double.
    rng = np.random.default_rng(6)
    for _ in range(300):
        graph = EVERYDAY[kind](rng)
        native = compile_graph(graph, DSP).calls[0]
        if not native.kernel.endswith("_dsp"):
            continue
        portable = compile_graph(graph).calls[0]
        wanted = np.frombuffer(constant(portable, "multipliers"), "<i4")
        found = np.frombuffer(constant(native, "channels"), "<i4").reshape(-1, 4)[:, 1]
        used = found[found != 0]
        assert (used == (wanted if len(wanted) > 1 else wanted[0])).all()


def constant(call: KernelCall, name: str) -> bytes:
    return next(
        a.constant.data
        for a in call.arguments
        if isinstance(a, ConstantArgument) and a.constant and a.constant.name.endswith(name)
    )


def test_a_core_without_dsp_takes_portable_kernels() -> None:
    graph = EVERYDAY["CONV_2D"](np.random.default_rng(0))
    assert compile_graph(graph, Target("native")).calls[0].kernel == "conv_2d"
    assert compile_graph(graph, Target("portable", dsp=True)).calls[0].kernel == "conv_2d"


def test_speed_spends_flash_on_halfwords() -> None:
    graph = EVERYDAY["CONV_2D"](np.random.default_rng(0))
    fast = compile_graph(graph, Target("native", "speed", dsp=True)).calls[0]
    assert fast.kernel == "conv_2d_dsp_s16"
    filters = np.arange(8, dtype=np.int8).reshape(2, 4)
    assert pack_halfwords(filters).tolist() == [[[[0, 2, 1, 3], [4, 6, 5, 7]]]]


@pytest.mark.slow
@pytest.mark.parametrize("optimize", OPTIMIZATIONS)
@pytest.mark.parametrize("kind", EVERYDAY)
@pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)
def test_native_firmware_equals_the_interpreter(kind: str, optimize: str) -> None:
    for generators in (EVERYDAY, GENERATORS):
        for batch in batches(kind, 16, 3, generators):
            outcome = chain.run(batch, "stm32f407", "unicorn", "native", optimize)
            assert outcome.problem == ""
            assert all(outcome.equal)

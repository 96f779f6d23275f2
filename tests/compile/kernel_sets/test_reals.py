"""Layers of float32 for cores with an FPU: what takes the kernels, and every byte of theirs."""

import numpy as np
import pytest
from bench.operators import GENERATORS
from bench.operators.batches import batches
from bench.operators.packing import pack
from tests.support.emulated import check_on_board
from tests.support.host_run import check_on_host

from qmcu.builder import find_tool
from qmcu.compile import CompileOptions, compile_graph
from qmcu.compile.kernel_sets.dsp.reals import beside

FPU = CompileOptions("native", dsp=True, fpu=True)
KINDS = ("CONV_2D float32", "FULLY_CONNECTED float32", "UNIDIRECTIONAL_SEQUENCE_LSTM float32")


def test_fours_lie_beside_each_other_and_those_left_do_not() -> None:
    filters = np.arange(18, dtype=np.float32).reshape(6, 3)
    fours = [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]
    assert beside(filters).tolist() == [*fours, *range(12, 18)]
    assert beside(filters[:3]).tolist() == list(range(9))


@pytest.mark.parametrize("kind", KINDS)
def test_graphs_take_the_kernel(kind: str) -> None:
    """Those with an FPU, of constant weights and one group."""
    rng = np.random.default_rng(1)
    taken = 0
    for graph in (GENERATORS[kind](rng) for _ in range(30)):
        operator = graph.operators[0]
        call = compile_graph(graph, FPU).calls[0]
        source, weights = (graph.tensors[i] for i in operator.inputs[:2])
        groups = operator.kind == "CONV_2D" and weights.shape[3] != source.shape[3]
        fits = weights.is_constant and not source.is_constant and not groups
        if operator.kind == kind.split()[0]:
            assert call.kernel.endswith("_f32_dsp") == fits
            taken += fits
        without = compile_graph(graph, CompileOptions("native", dsp=True))
        assert not any(c.kernel.endswith("_f32_dsp") for c in without.calls)
    assert taken >= 5


@pytest.mark.parametrize("kind", KINDS)
def test_its_bytes_are_the_interpreters(kind: str) -> None:
    rng = np.random.default_rng(2)
    check_on_host(pack([GENERATORS[kind](rng) for _ in range(8)]), options=FPU)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)
def test_firmware_equals_the_interpreter(kind: str) -> None:
    check_on_board(batches(kind, 12, 3, GENERATORS), "stm32f407", "unicorn")

"""The kernels for cores without the DSP extension: what takes them, and every byte of theirs."""

from collections.abc import Iterator

import numpy as np
import pytest
from bench.operators import GENERATORS, chain
from bench.operators.batches import batches
from bench.operators.everyday import EVERYDAY
from tests.support.host_run import check_on_host

from qmcu.builder import find_tool
from qmcu.compile import CompileOptions, compile_graph
from qmcu.compile.kernel_sets.scalar.multiply import output_rows_together
from qmcu.compile.kernel_sets.slower import ALONE
from qmcu.model.graph import Graph

SCALAR = CompileOptions("native")
KINDS = (
    *("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "SUB", "MUL", "MEAN", "LOGISTIC"),
    *("AVERAGE_POOL_2D", "MAX_POOL_2D", "SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM"),
    *("CONV_2D int16", "FULLY_CONNECTED int16", "UNIDIRECTIONAL_SEQUENCE_LSTM int16"),
)


def graphs(kind: str, seed: int, count: int) -> Iterator[Graph]:
    """Random graphs of everyday scales, where there are such, and of any."""
    rng = np.random.default_rng(seed)
    for generators in (EVERYDAY, GENERATORS):
        if kind in generators:
            yield from (generators[kind](rng) for _ in range(count))


@pytest.mark.parametrize("kind", KINDS)
def test_graphs_take_the_kernel(kind: str) -> None:
    for graph in graphs(kind, 5, 20):
        call = compile_graph(graph, SCALAR).calls[-1]
        if call.kernel in ALONE:
            assert "plain C" in call.slower
        elif not graph.tensors[graph.operators[0].inputs[0]].is_constant:
            assert call.kernel.endswith("_scalar") and call.slower == ""


@pytest.mark.parametrize("kind", KINDS)
def test_its_bytes_are_the_interpreters(kind: str) -> None:
    """Also that no byte beside its tensors and scratch is read or written."""
    for graph in graphs(kind, 6, 3):
        check_on_host(graph, options=SCALAR)


def test_few_pixels_are_left_of_their_fours() -> None:
    assert output_rows_together(25, 5) == 3
    assert output_rows_together(8, 8) == 1
    assert output_rows_together(6, 6) == 2
    # A pixel of 49 costs less than the scratch of three rows more.
    assert output_rows_together(49, 49) == 1
    assert output_rows_together(1, 3) == 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("board", "emulator"), [("rpi-pico", "unicorn"), ("mps2-an385", "qemu")])
@pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)
def test_firmware_equals_the_interpreter(kind: str, board: str, emulator: str) -> None:
    for generators in (EVERYDAY, GENERATORS):
        for batch in batches(kind, 12, 3, generators) if kind in generators else ():
            outcome = chain.run(batch, board, emulator, "native", "balanced")
            assert outcome.problem == ""
            assert all(outcome.equal)

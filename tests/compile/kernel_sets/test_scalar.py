"""The kernels for cores without the DSP extension: what takes them, and every byte of theirs."""

import numpy as np
import pytest
from bench.operators import GENERATORS, chain
from bench.operators.batches import batches
from bench.operators.everyday import EVERYDAY
from tests.support.host_run import check_on_host

from qmcu.builder import find_tool
from qmcu.compile import CompileOptions, compile_graph
from qmcu.compile.kernel_sets.scalar.multiply import output_rows_together

SCALAR = CompileOptions("native")
KINDS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


@pytest.mark.parametrize("kind", KINDS)
def test_every_graph_takes_the_kernel(kind: str) -> None:
    rng = np.random.default_rng(5)
    for generators in (EVERYDAY, GENERATORS):
        for _ in range(30):
            (call,) = compile_graph(generators[kind](rng), SCALAR).calls
            assert call.kernel.endswith("_scalar") and call.slower == ""


@pytest.mark.parametrize("kind", KINDS)
def test_its_bytes_are_the_interpreters(kind: str) -> None:
    """Also that no byte beside its tensors and scratch is read or written."""
    rng = np.random.default_rng(6)
    for generators in (EVERYDAY, GENERATORS):
        for _ in range(4):
            kernels = check_on_host(generators[kind](rng), options=SCALAR)
            assert all(name.endswith("_scalar") for name in kernels)


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
        for batch in batches(kind, 12, 3, generators):
            outcome = chain.run(batch, board, emulator, "native", "balanced")
            assert outcome.problem == ""
            assert all(outcome.equal)

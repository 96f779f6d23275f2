"""Pools and means of int16: their kernels, how a mean is rounded, every byte on emulated cores."""

import numpy as np
import pytest
from bench.operators import GENERATORS
from bench.operators.batches import batches
from bench.operators.packing import pack
from tests.support.emulated import check_on_board
from tests.support.host_run import check_on_host

from qmcu.builder import find_tool
from qmcu.compile import CompileOptions, compile_graph
from qmcu.model.graph import Graph, Operator, Quantization, Tensor

CORES = {
    "dsp": CompileOptions("native", dsp=True, fpu=True),
    "mve": CompileOptions("native", dsp=True, fpu=True, mve=True),
}
KINDS = ("AVERAGE_POOL_2D int16", "MAX_POOL_2D int16", "MEAN int16", "SUM int16")
MOST = 127


def pool(kind: str, size: int, depth: int) -> Graph:
    """One window over the whole image of size x 1 pixels."""
    same = Quantization((0.1,), (0,))
    tensors = (
        Tensor(0, "in", (1, size, 1, depth), "int16", same),
        Tensor(1, "out", (1, 1, 1, depth), "int16", same),
    )
    attributes: dict[str, int | str] = {
        "padding": "VALID", "stride_h": 1, "stride_w": 1,
        "filter_height": size, "filter_width": 1, "fused_activation_function": "NONE",
    }  # fmt: skip
    return Graph("pool", tensors, (Operator(0, kind, (0,), (1,), attributes),), (0,), (1,))


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize(
    ("kind", "size", "name"),
    [
        ("MAX_POOL_2D", 300, "max_pool_2d_s16_{core}"),
        ("AVERAGE_POOL_2D", MOST, "average_pool_2d_s16_{core}"),
        ("AVERAGE_POOL_2D", MOST + 1, "average_pool_2d_s16"),
    ],
)
def test_windows_have_a_kernel_of_the_core(kind: str, size: int, name: str, core: str) -> None:
    (call,) = compile_graph(pool(kind, size, 5), CORES[core]).calls
    assert call.kernel == name.format(core=core)


def test_a_mean_by_its_factor_is_the_rounded_quotient() -> None:
    """All sums of small windows, of larger ones those near a tie and at the ends."""
    for count in range(1, MOST + 1):
        end = count << 15
        near = (np.arange(-end, end, count)[:, None] + count // 2 + np.arange(-1, 3)).ravel()
        sums = np.concatenate([near, [-end, 1 - end, end - count, end - count - 1]])
        if count < 4:
            sums = np.arange(-end, end - count + 1)
        means = sums * ((1 << 30) // count + 1) + (1 << 29) >> 30
        assert np.array_equal(means, np.sign(sums) * ((np.abs(sums) + count // 2) // count))


@pytest.mark.parametrize("depth", [1, 3, 4, 6, 9])
def test_windows_of_any_size_are_exact(depth: int) -> None:
    sizes = (1, 2, 3, 16, MOST, MOST + 1, 300)
    check_on_host(pack([pool("AVERAGE_POOL_2D", size, depth) for size in sizes]), count=4)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("board", "target"),
    [("stm32f407", "unicorn"), ("mps3-an547", "qemu"), ("rpi-pico", "unicorn")],
)
@pytest.mark.skipif(find_tool("qemu-system-arm") is None, reason="qemu-system-arm is missing")
def test_firmware_equals_the_interpreter(kind: str, board: str, target: str) -> None:
    check_on_board(batches(kind, 40, 8, GENERATORS), board, target)

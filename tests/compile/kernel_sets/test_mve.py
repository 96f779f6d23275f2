"""The MVE kernels: packing by hand, and every byte on an emulated Cortex-M55."""

import numpy as np
import pytest
from bench.operators import GENERATORS, chain
from bench.operators.batches import batches
from bench.operators.everyday import EVERYDAY

from qmcu.build import find_tool
from qmcu.compile import Target, compile_graph
from qmcu.compile.kernel_sets.mve import (
    LOWERINGS,
    by_fours,
    channel_constants,
    pack_filters,
    pack_rows,
)

MVE = Target("native", dsp=True, mve=True)


def test_filters_are_filled_up_to_whole_vectors() -> None:
    filters = np.ones((2, 17), np.int8)
    packed = pack_filters(filters)
    assert packed.shape == (2, 32)
    assert packed[:, :17].all()
    assert not packed[:, 17:].any()


def test_rows_are_packed_vector_by_vector() -> None:
    rows = np.arange(5 * 20, dtype=np.int8).reshape(5, 20)
    packed = pack_rows(rows)
    assert packed.shape == (2, 2, 4, 16)
    assert packed[0, 0, 1].tolist() == list(range(20, 36))
    assert packed[0, 1, 2].tolist() == [56, 57, 58, 59] + [0] * 12
    assert not packed[1, :, 1:].any()


def test_channels_lie_by_fours() -> None:
    channels = np.arange(15, dtype=np.int32).reshape(5, 3)
    assert by_fours(channels).tolist() == [
        [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, 11]],
        [[12, 0, 0, 0], [13, 0, 0, 0], [14, 0, 0, 0]],
    ]


def test_a_multiplier_from_one_half_does_not_fit() -> None:
    bias = np.zeros(1, np.int32)
    assert channel_constants([0.5], bias) is None
    assert channel_constants([0.0], bias) is not None


@pytest.mark.parametrize("kind", LOWERINGS)
def test_everyday_graphs_take_the_mve_kernel(kind: str) -> None:
    rng = np.random.default_rng(5)
    kernels = [compile_graph(EVERYDAY[kind](rng), MVE).calls[0].kernel for _ in range(40)]
    assert sum(kernel.endswith("_mve") for kernel in kernels) >= 30


@pytest.mark.slow
@pytest.mark.parametrize("kind", EVERYDAY)
@pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None or find_tool("qemu-system-arm") is None,
    reason="arm-none-eabi-gcc or qemu-system-arm is not installed",
)
def test_mve_firmware_equals_the_interpreter(kind: str) -> None:
    for generators in (EVERYDAY, GENERATORS):
        for batch in batches(kind, 16, 3, generators):
            outcome = chain.run(batch, "mps3-an547", "qemu", "native")
            assert outcome.problem == ""
            assert all(outcome.equal)

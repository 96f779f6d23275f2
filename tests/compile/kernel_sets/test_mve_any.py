"""Convolution for MVE of any number of filters that are not filled up: packing, and every byte."""

from collections import Counter

import numpy as np
import pytest
from bench.operators import chain
from bench.operators.batches import batches
from tests.support.windows import convolution_of

from qmcu.builder import find_tool
from qmcu.compile import CompileOptions, compile_graph
from qmcu.compile.flash import total
from qmcu.compile.kernel_sets.mve_packing import pack_any
from qmcu.model.graph import Graph

MVE = CompileOptions("native", dsp=True, mve=True)


def convolution(rng: np.random.Generator) -> Graph:
    """An odd number of filters, or two more than fours; a third of 1x1 windows."""
    filters = 4 * int(rng.integers(0, 4)) + int(rng.integers(1, 4))
    return convolution_of(rng, filters)


def test_filters_are_packed_as_they_are_behind_all_channels() -> None:
    filters = np.arange(3 * 20, dtype=np.int8).reshape(3, 20)
    packed = pack_any(filters, np.array([100, 200, 300]), [(1, -2), (3, -4), (5, -6)])
    assert packed[:9].tolist() == [100, 200, 1, 3, -2, -4, 300, 5, -6]
    values = packed[9:].view(np.int8)
    assert values[:8].tolist() == [*filters[0, :4], *filters[1, :4]]
    assert values[8:40].tolist() == [*filters[0, 4:], *filters[1, 4:]]
    assert values[40:].tolist() == filters[2].tolist()
    # Groups of one filter each: none is one of two.
    apart = pack_any(filters, np.array([100, 200, 300]), [(1, -2), (3, -4), (5, -6)], 3)
    assert apart[:9].tolist() == [100, 1, -2, 200, 3, -4, 300, 5, -6]
    assert apart[9:].view(np.int8).tolist() == filters.reshape(-1).tolist()


def test_constants_are_within_enough_whatever_the_number_of_filters() -> None:
    rng = np.random.default_rng(3)
    for _ in range(30):
        graph = convolution(rng)
        plan, peers = (
            compile_graph(graph, CompileOptions(kernels, dsp=True, mve=True))
            for kernels in ("native", "cmsis-nn")
        )
        assert total(plan.calls) + 48 <= 1.05 * (total(peers.calls) + 48)


@pytest.mark.slow
@pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None or find_tool("qemu-system-arm") is None,
    reason="arm-none-eabi-gcc or qemu-system-arm is not installed",
)
def test_convolutions_of_any_filters_equal_the_interpreter() -> None:
    kernels: Counter[str] = Counter()
    for batch in batches("CONV_2D", 40, 8, {"CONV_2D": convolution}):
        outcome = chain.run(batch, "mps3-an547", "qemu", "native", "size")
        assert outcome.problem == ""
        assert all(outcome.equal)
        kernels.update(name for name, _ in outcome.kernels)
    assert sum(count for name, count in kernels.items() if "any_mve" in name) >= 15

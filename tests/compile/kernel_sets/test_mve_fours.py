"""Convolution for MVE, filters in fours: packing, and every byte on an emulated Cortex-M55."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from bench.operators import chain
from bench.operators.batches import batches
from tests.support.saturated import saturated_below
from tests.support.windows import convolution_of

from qmcu.builder import find_tool
from qmcu.compile import CompileOptions, compile_graph
from qmcu.compile.kernel_sets.mve_packing import pack_fours, pack_ragged
from qmcu.compile.plan import ParametersArgument
from qmcu.compile.streams.cost import fields_of
from qmcu.model.graph import Graph

MVE = CompileOptions("native", dsp=True, mve=True)


def convolution(rng: np.random.Generator) -> Graph:
    """Filters in fours; a third each of one vector, of 1x1 windows, of any; many saturate below."""
    graph = convolution_of(rng, 4 * int(rng.integers(1, 9)), short=True)
    return graph if rng.random() < 0.5 else saturated_below(graph)


def test_filters_are_packed_by_fours_with_their_constants() -> None:
    filters = np.arange(4 * 17, dtype=np.int8).reshape(4, 17)
    bias = np.array([100, 200, 300, 400], np.int32)
    packed = pack_fours(filters, bias, [(1, -2), (3, -4), (5, -6), (7, -8)])
    assert packed.shape == (1, 16 * 2 + 12)
    vectors = packed.view(np.int8)[0, :128].reshape(2, 2, 2, 16)
    assert vectors[0, 0, :, 0].tolist() == [0, 34]
    assert vectors[1, 0, :, 0].tolist() == [17, 51]
    assert vectors[0, 1, 1].tolist() == [50] + [0] * 15
    assert packed[0, 32:].tolist() == [100, 300, 200, 400, 1, 5, 3, 7, -2, -6, -4, -8]


def test_fours_take_filters_in_fours_without_shifts_to_the_left() -> None:
    rng = np.random.default_rng(2)
    kernels: Counter[str] = Counter()
    for _ in range(60):
        (call,) = compile_graph(convolution(rng), replace(MVE, optimize="speed")).calls
        if not call.kernel.startswith("conv_2d"):
            continue
        (parameters,) = (a for a in call.arguments if isinstance(a, ParametersArgument))
        left = dict(parameters.fields)["multiply.form"] == 2
        assert call.kernel.startswith("conv_2d_mve" if left else "conv_2d_four_mve")
        kernels[call.kernel] += 1
    assert {"conv_2d_four_mve", "conv_2d_four_mve_pointwise"} <= set(kernels)


def test_filters_that_are_not_filled_up_have_their_first_values_before_vectors() -> None:
    filters = np.arange(4 * 20, dtype=np.int8).reshape(4, 20)
    bias = np.array([100, 200, 300, 400], np.int32)
    packed = pack_ragged(filters, bias, [(1, -2), (3, -4), (5, -6), (7, -8)])
    assert packed.shape == (1, 20 + 12)
    both = packed.view(np.int8)[0, :80].reshape(2, 40)
    for pair, (one, other) in zip(both, ((0, 2), (1, 3)), strict=True):
        assert pair[:8].tolist() == [*filters[one, :4], *filters[other, :4]]
        assert pair[8:].tolist() == [*filters[one, 4:], *filters[other, 4:]]
    assert packed[0, 20:].tolist() == [100, 300, 200, 400, 1, 5, 3, 7, -2, -6, -4, -8]
    # Of whole vectors the first one.
    whole = pack_ragged(filters[:, :16], bias, [(1, -2)] * 4).view(np.int8)[0, :64]
    assert whole.tolist() == filters[[0, 2, 1, 3], :16].reshape(-1).tolist()


def test_filters_stay_ragged_where_that_keeps_constants_within_enough() -> None:
    rng = np.random.default_rng(2)
    calls = [compile_graph(convolution(rng), MVE).calls[0] for _ in range(40)]
    ragged = [call for call in calls if "ragged" in call.kernel]
    assert len(ragged) >= 10 and any("four" in call.kernel for call in calls)
    for call in ragged:
        fields = fields_of(call)
        values = 16 * fields["multiply.steps"] - 16 + fields["multiply.form"] // 4
        assert call.constant_size == fields["multiply.filters"] * (values + 12)
        # The arena, looked at last, may ask for another form of the same filters.
        assert "bytes less flash, slower" in call.trade or "the arena's peak" in call.trade


@pytest.mark.slow
@pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None or find_tool("qemu-system-arm") is None,
    reason="arm-none-eabi-gcc or qemu-system-arm is not installed",
)
@pytest.mark.parametrize("optimize, kernel", [("speed", "four_mve"), ("balanced", "ragged_mve")])
def test_convolutions_in_fours_equal_the_interpreter(optimize: str, kernel: str) -> None:
    kernels: Counter[str] = Counter()
    for batch in batches("CONV_2D", 40, 4, {"CONV_2D": convolution}):
        outcome = chain.run(batch, "mps3-an547", "qemu", "native", optimize)
        assert outcome.problem == ""
        assert all(outcome.equal)
        kernels.update(name for name, _ in outcome.kernels)
    assert sum(count for name, count in kernels.items() if kernel in name) >= 15

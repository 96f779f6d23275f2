"""Products of int16 whose sums have 32 bits: how weights lie, and every byte on emulated cores."""

import numpy as np
import pytest
from bench.operators import GENERATORS, chain
from bench.operators.batches import batches
from bench.operators.everyday import grouped_convolution, in_int16, transpose_conv
from bench.operators.packing import pack
from tests.compile.kernel_sets.test_slower import CORES
from tests.support.host_run import check_on_host

from qmcu.builder import find_tool
from qmcu.compile import compile_graph
from qmcu.compile.kernel_sets.quads_s16 import _packed, _packed_even
from qmcu.compile.plan import ScratchArgument
from qmcu.model.graph import Graph

KINDS = ("CONV_2D int16", "FULLY_CONNECTED int16", "DEPTHWISE_CONV_2D int16")


def grouped(rng: np.random.Generator) -> Graph:
    return in_int16(grouped_convolution(rng))


def transposed(rng: np.random.Generator) -> Graph:
    return in_int16(transpose_conv(rng))


EVERYDAY = {"CONV_2D int16": grouped, "TRANSPOSE_CONV int16": transposed}
OWN = {
    "conv_2d_groups_s16_quads_dsp",
    "conv_2d_groups_s16_quads_mve",
    "transpose_conv_s16_windows_dsp",
    "transpose_conv_s16_quads_mve",
}


def test_filters_behind_the_last_four_lie_by_themselves() -> None:
    """Their bytes are in steps of four values, 0, 2, 1 and 3, for SXTB16."""
    filters = np.arange(7 * 8, dtype=np.int8).reshape(7, 8)
    packed = _packed("dsp", filters)
    assert packed.size == filters.size
    assert packed[:8].tolist() == [0, 2, 1, 3, 8, 10, 9, 11]
    assert packed[32:44].tolist() == [32, 34, 33, 35, 40, 42, 41, 43, 48, 50, 49, 51]
    assert packed[44:48].tolist() == [36, 38, 37, 39]
    assert _packed("dsp", filters, filled=True).size == 8 * 8


def test_only_values_are_filled_up() -> None:
    assert _packed("dsp", np.ones((1, 5), np.int8)).tolist() == [1, 1, 1, 1, 1, 0, 0, 0]
    assert _packed("dsp", np.ones((6, 4), np.int8)).size == 24


def test_two_values_behind_the_last_step_lie_by_themselves() -> None:
    """Of four filters in words as SXTB16 takes them, of those that are left one after another."""
    filters = np.arange(5 * 6, dtype=np.int8).reshape(5, 6)
    packed = _packed_even(filters)
    assert packed[:16].tolist() == _packed("dsp", filters[:4, :4]).reshape(-1).tolist()
    assert packed[16:24].tolist() == [4, 10, 5, 11, 16, 22, 17, 23]
    assert packed[24:].tolist() == [24, 26, 25, 27, 28, 29]
    assert _packed_even(filters[:, :1])[:8].tolist() == [0, 6, 0, 0, 12, 18, 0, 0]
    assert _packed_even(filters[:, :3]).size == 5 * 4


def test_transposed_channels_that_are_no_fours_have_constants_of_before() -> None:
    """Phases of windows whose filling up would cost more than sums of 32 bits save are left out."""
    rng = np.random.default_rng(5)
    found = [compile_graph(transposed(rng), CORES["dsp"]).calls[0] for _ in range(60)]
    own = [call for call in found if call.kernel == "transpose_conv_s16_windows_dsp"]
    assert len(own) > 20
    rng = np.random.default_rng(5)
    graphs = [transposed(rng) for _ in range(60)]
    plain = [compile_graph(graph).calls[0] for graph in graphs]
    pairs = [(a, b) for a, b in zip(found, plain, strict=True) if a in own]
    assert all(a.constant_size <= 1.05 * b.constant_size for a, b in pairs)


@pytest.mark.parametrize("core", CORES)
def test_groups_have_the_kernel_of_four_filters(core: str) -> None:
    """Where sums keep to 32 bits; a window of one pixel is not laid out."""
    rng = np.random.default_rng(3)
    found = [compile_graph(grouped(rng), CORES[core]).calls[0] for _ in range(60)]
    own = [call for call in found if call.kernel == f"conv_2d_groups_s16_quads_{core}"]
    assert len(own) > 30
    scratch = [a.size for call in own for a in call.arguments if isinstance(a, ScratchArgument)]
    assert 0 in scratch and max(scratch) > 16


def test_groups_equal_the_interpreter_on_the_host() -> None:
    """Two windows at a time, a last one alone, borders and holes: under the sanitizers."""
    rng = np.random.default_rng(7)
    kernel = "conv_2d_groups_s16_quads_scalar"
    some = [grouped(rng) for _ in range(40)]
    own = [g for g in some if compile_graph(g, CORES["scalar"]).calls[0].kernel == kernel]
    assert len(own) >= 20
    check_on_host(pack(own), options=CORES["scalar"])


@pytest.mark.slow
@pytest.mark.parametrize(("board", "target"), [("stm32f407", "unicorn"), ("mps3-an547", "qemu")])
@pytest.mark.skipif(find_tool("qemu-system-arm") is None, reason="qemu-system-arm is missing")
@pytest.mark.parametrize("kind", EVERYDAY)
def test_everyday_firmware_equals_the_interpreter(kind: str, board: str, target: str) -> None:
    kernels: set[str] = set()
    for batch in batches(kind, 40, 3, EVERYDAY):
        outcome = chain.run(batch, board, target, "native")
        assert outcome.problem == ""
        assert all(outcome.equal)
        kernels |= {name for name, _ in outcome.kernels}
    assert len(kernels & OWN) == 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("board", "target"), [("stm32f407", "unicorn"), ("mps3-an547", "qemu")])
@pytest.mark.skipif(find_tool("qemu-system-arm") is None, reason="qemu-system-arm is missing")
def test_firmware_equals_the_interpreter(kind: str, board: str, target: str) -> None:
    kernels = set()
    for batch in batches(kind, 40, 8, GENERATORS):
        outcome = chain.run(batch, board, target, "native")
        assert outcome.problem == ""
        assert all(outcome.equal)
        kernels |= {name for name, _ in outcome.kernels}
    assert any("_s16_quads_" in kernel for kernel in kernels)

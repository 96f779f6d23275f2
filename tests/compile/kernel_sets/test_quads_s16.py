"""Products of int16 whose sums have 32 bits: how weights lie, and every byte on emulated cores."""

import numpy as np
import pytest
from bench.operators import GENERATORS, chain
from bench.operators.batches import batches

from qmcu.builder import find_tool
from qmcu.compile.kernel_sets.quads_s16 import _packed

KINDS = ("CONV_2D int16", "FULLY_CONNECTED int16", "DEPTHWISE_CONV_2D int16")


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

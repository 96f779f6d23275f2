"""3x3 weights that are transformed while a layer runs: their packing, scratch, and every byte."""

import zlib
from collections.abc import Callable

import numpy as np
import pytest
from bench.operators.batches import batches
from bench.operators.chain import run
from bench.operators.everyday import tiled_convolution

import qmcu.compile.compiler
from qmcu.builder import find_tool
from qmcu.compile.alternatives import Faster, forms
from qmcu.compile.kernel_sets.dsp.filters import Filters, pack_winograd, pack_winograd_bytes
from qmcu.compile.kernel_sets.dsp.tiles import Layer
from qmcu.compile.kernel_sets.dsp.winograd_bytes import KERNEL, choices
from qmcu.compile.lowering import OperatorContext
from qmcu.compile.plan import KernelCall

IN_FLASH = "conv_3x3_winograd_dsp"
# A^T with what G lacks of the scale 24, its rows by 1, 1/2, 1/4 and 1/4.
BACK = np.array(
    [[6, -4, -4, 1, 1, 0], [0, -2, 2, 1, -1, 0], [0, -1, -1, 1, 1, 0], [0, -1, 1, 2, -2, 6]]
)
VALUES = np.array(
    [[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
     [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]]
)  # fmt: skip
ROW_SCALES = np.array([24, 12, 6, 6])


def filters(weights: np.ndarray) -> Filters:
    ones = np.ones(len(weights), np.int64)
    return Filters(weights.astype(np.int64), 7 * ones, ones << 30, ones, -3)


def test_transformed_weights_give_576_times_the_sums_by_powers_of_two() -> None:
    rng = np.random.default_rng(1)
    weights = rng.integers(-128, 128, (5, 3, 3, 4))
    packed = pack_winograd(filters(weights))
    assert packed is not None
    words, constants = packed
    assert words.shape == (2, 36, 4, 4, 2) and np.abs(words).max() <= 49 * 128
    # Of the last filter, positions last to first, channels in lanes (0, 2) and (1, 3).
    u = words[1, ::-1, :2, 0].swapaxes(-1, -2).reshape(36, 4).reshape(6, 6, 4)
    d = rng.integers(0, 256, (6, 6, 4))
    v = np.einsum("ia,abc,jb->ijc", VALUES, d, VALUES)
    assert np.abs(v).max() < 1 << 15
    m = (u * v).sum(axis=-1)
    m[1, 1] += constants[4, 0]
    bias = 7 - 128 * weights[4].sum()
    sums = [
        [(d[i : i + 3, j : j + 3] * weights[4]).sum() + bias for j in range(4)] for i in range(4)
    ]
    assert (BACK @ m @ BACK.T == np.array(sums) * np.outer(ROW_SCALES, ROW_SCALES)).all()


def test_bytes_are_packed_by_four_channels_tap_by_tap() -> None:
    weights = np.random.default_rng(2).integers(-128, 128, (3, 3, 3, 6))
    packed = pack_winograd_bytes(filters(weights))
    assert packed is not None and packed[0].shape == (3, 2, 9)
    found = packed[0].view(np.int8).reshape(3, 2, 9, 4).transpose(0, 2, 1, 3).reshape(3, 3, 3, 8)
    assert (found == np.pad(weights, ((0, 0), (0, 0), (0, 0), (0, 2)))).all()


def test_sums_that_would_not_be_exact_and_many_channels_are_declined() -> None:
    assert pack_winograd_bytes(filters(np.ones((1, 3, 3, 64)))) is not None
    assert pack_winograd_bytes(filters(np.ones((1, 3, 3, 65)))) is None
    wide = filters(np.ones((1, 3, 3, 8)))
    large = Filters(wide.weights, wide.bias + (1 << 25), wide.multipliers, wide.shifts, -3)
    assert pack_winograd_bytes(large) is None and pack_winograd(large) is None


def test_tiles_lie_in_scratch_all_or_a_half_and_so_on_in_fours() -> None:
    assert choices(64) == [64, 32, 16, 8, 4]
    assert choices(9) == [12, 8, 4]
    assert choices(1) == [4]


def test_more_tiles_at_a_time_take_fewer_instructions_and_late_weights_more_than_flash() -> None:
    layer = Layer(1, 32, 32, 16, 16)
    late = [layer.transformed_late(together) for together in choices(layer.tiles)]
    assert layer.by_tiles < late[0] < late[1] < late[2] < late[3] < late[4] < layer.windows


def transformed(kernel: str) -> Callable[[OperatorContext, Faster], KernelCall]:
    """Rules that take a form of the kernel wherever there is one, now this one, now that."""

    def by_rule(context: OperatorContext, faster: Faster) -> KernelCall:
        found = list(forms(context, faster))
        own = [form for form in found if form.kernel == kernel]
        return own[zlib.crc32(context.layer.encode()) % len(own)] if own else found[0]

    return by_rule


@pytest.mark.skipif(not find_tool("arm-none-eabi-gcc"), reason="no Arm compiler here")
@pytest.mark.parametrize("kernel", [KERNEL, IN_FLASH])
@pytest.mark.parametrize("board", ["stm32f407", "nucleo-u575zi-q"])
def test_every_byte_of_random_layers(
    monkeypatch: pytest.MonkeyPatch, board: str, kernel: str
) -> None:
    monkeypatch.setattr(qmcu.compile.compiler, "form_by_rule", transformed(kernel))
    for batch in batches("CONV_2D", 20, 4, {"CONV_2D": tiled_convolution}):
        outcome = run(batch, board, "unicorn", "native", "speed")
        assert not outcome.problem and all(outcome.equal)
        assert sum(name == kernel for name, _ in outcome.kernels) >= len(batch.graphs) // 3

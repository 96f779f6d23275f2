"""Weights transformed along rows: their packing, when they are taken, and every byte."""

from dataclasses import replace

import numpy as np
import pytest
from bench.operators.batches import Batch
from bench.operators.chain import run
from bench.operators.rows import STREAMED
from tests.support.chains import convolutions

from qmcu.board import load_board
from qmcu.builder import BuildOptions, find_tool
from qmcu.builder.firmware import compile_options
from qmcu.compile import CompileOptions, Plan, compile_graph, compile_streamed
from qmcu.compile.alternatives import layer_forms
from qmcu.compile.kernel_sets.dsp.filters import WINOGRAD_G, Filters
from qmcu.compile.kernel_sets.dsp.winograd_rows import KERNEL, pack_winograd_rows
from qmcu.compile.streams.cost import constants
from qmcu.report.plan import plan_lines

RAM = CompileOptions("native", "ram", dsp=True, fpu=True)


def kernels(plan: Plan) -> set[str]:
    return {call.kernel for call in plan.calls}


def filters(weights: np.ndarray) -> Filters:
    count = len(weights)
    ones = np.ones(count, np.int64)
    return Filters(weights.astype(np.int64), 7 * ones, ones << 30, ones, -3)


def test_packed_weights_give_24_times_the_sums() -> None:
    rng = np.random.default_rng(1)
    weights = rng.integers(-128, 128, (5, 2, 3, 4))
    packed = pack_winograd_rows(filters(weights), 0)
    assert packed is not None
    words, constants = packed
    assert words.shape == (2, 6, 2 * 4, 4, 2)  # channels are filled up to 8
    # Of the last filter: position by position, rows of 8 channels, lanes (0, 2) and (1, 3).
    last = words[1, ::-1, :, 0].reshape(6, 2, 2, 2, 2).swapaxes(-1, -2).reshape(6, 2, 8)
    expected = np.einsum("jb,abc->jac", WINOGRAD_G, weights[4])
    assert (last == np.pad(expected, ((0, 0), (0, 0), (0, 4)))).all()
    assert constants[4, 0] == 24 * (7 - 128 * weights[4].sum())
    values = rng.integers(0, 256, (2, 6, 4))
    d = values.transpose(1, 0, 2)
    a, b, c, e = d[4] - 4 * d[2], d[3] - 4 * d[1], d[4] - d[2], d[3] - d[1]
    transformed = np.array(
        [4 * d[0] + a - d[2], a + b, a - b, c + 2 * e, c - 2 * e, d[5] - d[3] - 4 * e]
    )
    assert np.abs(transformed).max() < 1 << 15 and np.abs(words).max() <= 12 * 128
    m = (transformed * last[:, :, :4]).sum(axis=(1, 2))
    back = np.array([
        [1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 2],
    ])  # fmt: skip
    sums = [(values[:, i : i + 3] * weights[4]).sum() for i in range(4)]
    assert (back @ m).tolist() == [24 * s for s in sums]


def test_sums_that_would_not_be_exact_are_declined() -> None:
    # 16,512 times 127 * 128 is below 2^28, 16,513 times it is not.
    assert pack_winograd_rows(filters(np.full((1, 9, 3, 612), 127)), 0) is None
    assert pack_winograd_rows(filters(np.full((1, 9, 3, 608), 127)), 0) is not None


def test_rows_get_transformed_weights_where_the_arena_stays_and_it_is_said() -> None:
    graph = convolutions((32, 24), (4, 16, 16, 4))
    plan, plain = (compile_graph(graph, replace(RAM, flash=most)) for most in (None, 0))
    rows = [c for c in plan.calls if c.kernel == KERNEL]
    assert any(plan.tensor(c.writes[0]).part for c in rows)
    assert plan.arena_size <= plain.arena_size and KERNEL not in kernels(plain)
    for operator in {c.operator for c in rows}:
        of_layer = {c.kernel for c in plan.calls if c.operator == operator}
        assert of_layer <= {KERNEL, "move_rows"}  # its weights lie in flash once
    (said, *_) = (line for line in plan_lines(plan) if "transformed along rows" in line)
    assert "bytes more flash for about" in said


def test_a_whole_layer_gets_them_where_it_does_not_make_the_peak() -> None:
    graph = convolutions((12, 12), (64, 8, 24))
    plan = compile_graph(graph, RAM)
    plain = compile_graph(graph, replace(RAM, flash=0))
    assert plan.arena_size <= plain.arena_size
    assert KERNEL in kernels(plan)


def test_they_are_not_taken_without_an_fpu_nor_by_other_settings() -> None:
    graph = convolutions((32, 24), (16, 16, 16, 16))
    for options in (replace(RAM, fpu=False), replace(RAM, optimize="balanced"),
                    replace(RAM, mve=True)):  # fmt: skip
        assert KERNEL not in kernels(compile_graph(graph, options))


def test_flash_must_pay() -> None:
    assert KERNEL in kernels(compile_graph(convolutions((32, 24), (16, 16, 16)), RAM))
    assert KERNEL not in kernels(compile_graph(convolutions((4, 4), (64, 64, 64)), RAM))


def test_no_more_flash_is_taken_than_there_is() -> None:
    graph = convolutions((32, 24), (16, 16, 16, 16))
    sizes = [constants(compile_graph(graph, replace(RAM, flash=n)).calls) for n in (0, 1 << 20)]
    most = (sizes[0] + sizes[1]) // 2
    plan = compile_graph(graph, replace(RAM, flash=most))
    assert KERNEL in kernels(plan) and sizes[0] < constants(plan.calls) <= most
    board = load_board("stm32f407")
    assert compile_options(board, BuildOptions()).flash == board.flash.size - 64 * 1024
    assert compile_options(board, BuildOptions(flash=96 * 1024)).flash == 32 * 1024


@pytest.mark.skipif(not find_tool("arm-none-eabi-gcc"), reason="no Arm compiler here")
@pytest.mark.parametrize(
    ("size", "depths", "kernel", "stride"),
    [
        ((32, 24), (16, 16, 16, 16), (3, 3), 1),
        ((17, 13), (8, 16, 6), (3, 3), 1),  # a rest of a tile, of filters and of rows
        ((24, 32), (8, 12, 8), (5, 3), 2),
        ((24, 32), (24, 32, 36), (1, 3), 1),
    ],
)
def test_every_byte_of_rows_by_transformed_weights(
    size: tuple[int, int], depths: tuple[int, ...], kernel: tuple[int, int], stride: int
) -> None:
    graph = convolutions(size, depths, kernel, stride)
    number = next(n for n in range(20) if KERNEL in kernels(compile_streamed(graph, RAM, n)))
    outcome = run(Batch(STREAMED, number, (graph,)), "stm32f407", "unicorn", "native", "ram")
    assert not outcome.problem and all(outcome.equal)
    assert KERNEL in {name for name, _ in outcome.kernels}


def test_both_forms_are_known_to_qmcu_tune() -> None:
    (layer,) = layer_forms(convolutions((32, 24), (16, 16)), RAM)
    assert sum(form.kernel == KERNEL for form in layer.forms.values()) == 2

"""The MVE kernels: packing by hand, and every byte on an emulated Cortex-M55."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from bench.operators import GENERATORS, chain
from bench.operators.batches import batches
from bench.operators.everyday import EVERYDAY, _windows
from tests.support.emulated import check_on_board
from tests.support.saturated import saturated_below

from qmcu.builder import find_tool
from qmcu.compile import CompileOptions, compile_graph
from qmcu.compile.kernel_sets.mve import lowerings, output_fits_over_input
from qmcu.compile.kernel_sets.mve_packing import (
    by_fours,
    pack_all_rows,
    pack_filters,
    pack_int4_pairs,
    pack_int4_rows,
    pack_pairs,
    pack_records,
    pack_rows,
    pack_taps,
)
from qmcu.compile.kernel_sets.mve_requantization import channel_constants
from qmcu.compile.operators.window import axis
from qmcu.compile.plan import ParametersArgument
from qmcu.model.graph import Graph

MVE = CompileOptions("native", dsp=True, mve=True)


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


def test_taps_are_packed_by_four_channels() -> None:
    filters = np.arange(5 * 9, dtype=np.int8).reshape(5, 9)
    packed = pack_taps(filters, 8)
    assert packed.shape == (2, 2, 4, 8)
    assert packed[0, 0, 3].tolist() == list(range(27, 35))
    assert packed[0, 1, 3].tolist() == [35] + [0] * 7
    assert packed[1, 0, 0].tolist() == list(range(36, 44))
    assert not packed[1, :, 1:].any()


def test_channels_lie_by_fours() -> None:
    channels = np.arange(15, dtype=np.int32).reshape(5, 3)
    assert by_fours(channels).tolist() == [
        [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, 11]],
        [[12, 0, 0, 0], [13, 0, 0, 0], [14, 0, 0, 0]],
    ]


def test_rows_are_not_filled_up() -> None:
    rows = np.arange(6 * 20, dtype=np.int8).reshape(6, 20)
    packed = pack_all_rows(rows)
    assert packed.size == rows.size
    # Of four rows what is left of vectors, then vectors; two last rows as they are.
    assert packed[:16].tolist() == rows[:4, 16:].reshape(-1).tolist()
    assert packed[16:80].tolist() == rows[:4, :16].reshape(-1).tolist()
    assert packed[80:].tolist() == rows[4:].reshape(-1).tolist()
    filled = pack_filters(rows)
    assert pack_all_rows(filled[:4]).tolist() == pack_rows(rows[:4]).reshape(-1).tolist()
    # A vector is read where the last of four rows begins.
    assert pack_all_rows(rows[:4, :3]).tolist() == [*rows[:4, :3].reshape(-1), *[0] * 13]
    assert pack_all_rows(rows[:5, :3]).size == 12 + 13 and pack_all_rows(rows[:1, :3]).size == 3


def test_filters_are_packed_by_pairs_with_their_constants() -> None:
    filters = np.arange(3 * 17, dtype=np.int8).reshape(3, 17)
    bias = np.array([100, 200, 300], np.int32)
    packed = pack_pairs(filters, bias, [(1, -2), (3, -4), (5, -6)])
    assert packed.shape == (2, 8 * 2 + 6)
    assert packed.view(np.int8)[0, :32].tolist() == [*range(16), *range(17, 33)]
    assert packed.view(np.int8)[0, 32:34].tolist() == [16, 0]
    assert packed.view(np.int8)[0, 48:50].tolist() == [33, 0]
    assert packed[0, -6:].tolist() == [100, 200, 1, 3, -2, -4]
    assert packed[1, -6:].tolist() == [300, 300, 5, 5, -6, -6]


def test_int4_pairs_lie_in_the_nibbles_of_one_vector() -> None:
    rng = np.random.default_rng(0)
    filters = rng.integers(-8, 8, (3, 17)).astype(np.int8)
    bias = np.array([100, 200, 300], np.int32)
    packed = pack_int4_pairs(filters, bias, [(1, -2), (3, -4), (5, -6)])
    assert packed.shape == (2, 4 * 2 + 6)
    for record, (first, second) in zip(packed, ((0, 1), (2, 2)), strict=True):
        vector = record[:8].view(np.int8)
        assert ((vector << 4) >> 4)[:17].tolist() == filters[first].tolist()
        assert (vector >> 4)[:17].tolist() == filters[second].tolist()
        assert not vector[17:].any()
    assert packed[0, -6:].tolist() == [100, 200, 1, 3, -2, -4]
    rows = rng.integers(-8, 8, (5, 20)).astype(np.int8)
    joined = pack_int4_rows(rows)
    assert joined.shape == (2, 2, 2, 16)
    assert (joined[0, 0, 1] >> 4).tolist() == rows[3, :16].tolist()
    assert ((joined[1, 1, 0] << 4) >> 4)[:4].tolist() == rows[4, 16:].tolist()


def test_records_hold_the_window_by_columns() -> None:
    filters = np.arange(1, 19, dtype=np.int8).reshape(2, 3, 3)
    bias, pairs = np.array([-1, 7], np.int32), [(1, -2), (3, 4)]
    records = pack_records(filters, bias, pairs, 1)
    assert records[0, :11].tolist() == [1, 4, 7, 0, 2, 5, 8, 0, 3, 6, 9]
    assert records[:, 11].tolist() == [-2, 4]
    assert records[:, 12:].copy().view("<i4").tolist() == [[-1, 1], [7, 3]]
    assert pack_records(filters, bias, pairs, 2)[0, :11].tolist() == [
        *(1, 4, 7, 2, 5, 8, 3, 6, 9),
        0,
        0,
    ]


@pytest.mark.parametrize(
    ("shape", "kernel", "stride", "filters", "fits"),
    [
        ((1, 8, 8, 16), 3, 1, 16, True),
        ((1, 8, 8, 16), 3, 1, 32, False),
        ((1, 8, 8, 16), 3, 2, 64, True),
        ((1, 8, 8, 16), 5, 2, 64, True),
        ((2, 8, 8, 16), 3, 1, 16, False),
        ((1, 8, 8, 16), 1, 1, 17, False),
    ],
)
def test_an_output_lies_over_its_input_where_no_unread_row_is_written(
    shape: tuple[int, int, int, int], kernel: int, stride: int, filters: int, fits: bool
) -> None:
    vertical = axis("SAME", shape[1], kernel, stride)
    row_bytes = axis("SAME", shape[2], kernel, stride).output * filters
    assert output_fits_over_input(vertical, shape, row_bytes) is fits


def test_a_multiplier_from_one_half_does_not_fit() -> None:
    bias = np.zeros(1, np.int32)
    assert channel_constants([0.5], bias) is None
    assert channel_constants([0.0], bias) is not None


@pytest.mark.parametrize("kind", [kind for kind in lowerings("balanced") if kind in EVERYDAY])
def test_everyday_graphs_take_the_mve_kernel(kind: str) -> None:
    rng = np.random.default_rng(5)
    kernels = [compile_graph(EVERYDAY[kind](rng), MVE).calls[0].kernel for _ in range(40)]
    assert all("_mve" in kernel or "_dsp" in kernel for kernel in kernels)
    assert sum("_mve" in kernel for kernel in kernels) >= (
        40 if kind == "DEPTHWISE_CONV_2D" else 30
    )


def depthwise_3x3(rng: np.random.Generator) -> Graph:
    """What depthwise_conv_2d_mve_3x3 takes, not blocks of 16 channels: both strides, odd sizes."""
    depth = int(rng.choice([*range(1, 12), *range(17, 24), *range(33, 36)]))
    stride = int(rng.integers(1, 3))
    size = (int(rng.integers(4, 12)), int(rng.integers(4, 12)))
    padding = str(rng.choice(["SAME", "VALID"]))
    height, width = (axis(padding, n, 3, stride).output for n in size)
    image, result = (depth, size), (depth, (height, width))
    strides, kind = (stride, stride), "DEPTHWISE_CONV_2D"
    return _windows(rng, kind, image, result, (3, 3), strides, (1, 1), padding)


def rows_of_eight(rng: np.random.Generator) -> Graph:
    """3x3 at stride 2 that saturates below, rows of eight or sixteen outputs, some of nine."""
    depth = int(rng.choice([*range(1, 12), *range(17, 24), *range(33, 36)]))
    size = (int(rng.integers(4, 9)), int(rng.choice([15, 16, 17, 31, 32])))
    padding = str(rng.choice(["SAME", "VALID"]))
    height, width = (axis(padding, n, 3, 2).output for n in size)
    image, result, kind = (depth, size), (depth, (height, width)), "DEPTHWISE_CONV_2D"
    return saturated_below(_windows(rng, kind, image, result, (3, 3), (2, 2), (1, 1), padding))


def depthwise_long(rng: np.random.Generator) -> Graph:
    """Windows of up to 70 taps, one-dimensional ones among them; few outputs and many."""
    depth = int(rng.integers(1, 41))
    kernel = (int(rng.integers(1, 9)), int(rng.integers(1, 9)))
    if rng.random() < 0.6:
        kernel = (1, int(rng.integers(1, 30)))
    dilation = (1, int(rng.integers(1, 4)))
    extent = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    size = [n + int(rng.choice([0, 0, 1, 7])) for n in extent]
    if kernel[0] == 1:
        size[0] = 1
    turned = rng.random() < 0.5
    if turned:
        kernel, dilation, size = kernel[::-1], dilation[::-1], size[::-1]
    strides = (int(rng.integers(1, 3)), int(rng.integers(1, 3)))
    padding = str(rng.choice(["SAME", "VALID"]))
    height, width = (
        axis(padding, size[i], kernel[i], strides[i], dilation[i]).output for i in range(2)
    )
    filters = depth * int(rng.choice([1, 1, 1, 2]))
    image, result = (depth, (size[0], size[1])), (filters, (height, width))
    return _windows(rng, "DEPTHWISE_CONV_2D", image, result, kernel, strides, dilation, padding)


def pointwise(rng: np.random.Generator, filters: int = 0) -> Graph:
    """1x1 windows, up to 40 pixels of two batches; by default 5 to 47 filters, not in fours."""
    depth = int(rng.integers(1, 21))
    filters = filters or int(rng.choice([n for n in range(4, 48) if n % 4]))
    size = (int(rng.integers(1, 6)), int(rng.integers(2, 9)))
    one = (1, 1)
    return _windows(rng, "CONV_2D", (depth, size), (filters, size), one, one, one, "VALID")


def fours(rng: np.random.Generator) -> Graph:
    """The same with filters in fours."""
    return pointwise(rng, 4 * int(rng.integers(1, 12)))


def few_filters(rng: np.random.Generator) -> Graph:
    """1x1 windows of whole vectors whose filters are multiplied by one reading: no copy."""
    depth, filters = 16 * int(rng.integers(1, 4)), int(rng.choice([2, 2, 2, 4]))
    size, one = (int(rng.integers(1, 6)), int(rng.integers(2, 9))), (1, 1)
    return _windows(rng, "CONV_2D", (depth, size), (filters, size), one, one, one, "VALID")


def single_filters(rng: np.random.Generator) -> Graph:
    """1x1 windows of one to three filters, also of few pixels and of more than a vector."""
    depth, filters = int(rng.integers(1, 40)), int(rng.choice([1, 1, 2, 3, 3]))
    size, one = (int(rng.integers(1, 6)), int(rng.integers(2, 9))), (1, 1)
    return _windows(rng, "CONV_2D", (depth, size), (filters, size), one, one, one, "VALID")


def test_one_to_three_filters_of_1x1_are_multiplied_one_after_the_other() -> None:
    """One alone may go over its input; of two whole vectors are a pair."""
    rng = np.random.default_rng(9)
    for _ in range(30):
        graph = single_filters(rng)
        (call,) = compile_graph(graph, MVE).calls
        depth, filters = (t.shape[3] for t in (graph.input_tensors[0], graph.output_tensors[0]))
        if call.kernel.startswith("fully_connected"):
            continue  # of one pixel
        few = filters != 2 or depth % 16 > 0
        assert (call.kernel == "conv_1x1_few_mve") == few
        assert not few or bool(call.may_overlay) == (filters == 1)


def test_a_deeper_1x1_output_goes_over_its_input_backward() -> None:
    rng = np.random.default_rng(8)
    seen = set()
    for _ in range(40):
        graph = pointwise(rng)
        (call,) = compile_graph(graph, MVE).calls
        deeper = graph.output_tensors[0].shape[3] > graph.input_tensors[0].shape[3]
        (parameters,) = (a for a in call.arguments if isinstance(a, ParametersArgument))
        assert dict(parameters.fields)["backward"] == deeper == call.overlay_grows
        assert call.may_overlay == ((call.reads[0], call.writes[0]),)
        seen.add(deeper)
    assert seen == {False, True}


needs_emulator = pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None or find_tool("qemu-system-arm") is None,
    reason="arm-none-eabi-gcc or qemu-system-arm is not installed",
)


@pytest.mark.parametrize(
    ("kind", "generator", "kernel"),
    [
        ("DEPTHWISE_CONV_2D", depthwise_3x3, "depthwise_conv_2d_mve_3x3"),
        ("CONV_2D", pointwise, "conv_2d_mve_pointwise"),
        ("CONV_2D", fours, "conv_2d_four_mve_pointwise"),
        ("DEPTHWISE_CONV_2D", rows_of_eight, "depthwise_conv_2d_mve_3x3"),
        ("CONV_2D", few_filters, "conv_2d_mve_pointwise"),
    ],
)
@pytest.mark.slow
@needs_emulator
def test_outputs_over_their_inputs_equal_the_interpreter(
    kind: str, generator: Callable[[np.random.Generator], Graph], kernel: str
) -> None:
    (batch,) = batches(kind, 24, 5, {kind: generator})
    # By default filters of so small a model would not be filled up.
    outcome = chain.run(batch, "mps3-an547", "qemu", "native", "speed")
    assert outcome.problem == ""
    assert all(outcome.equal)
    # The first batch lays outputs over inputs wherever the kernel allows it.
    taken = [name for name, _ in outcome.kernels]
    assert outcome.overlaid == sum(name.endswith(kernel[-10:]) for name in taken)
    assert taken.count(kernel) >= 12


@pytest.mark.slow
@needs_emulator
def test_one_to_three_filters_of_1x1_equal_the_interpreter() -> None:
    (batch,) = batches("CONV_2D", 40, 6, {"CONV_2D": single_filters})
    outcome = chain.run(batch, "mps3-an547", "qemu", "native")
    assert outcome.problem == ""
    assert all(outcome.equal)
    taken = [name for name, _ in outcome.kernels]
    assert 0 < outcome.overlaid < taken.count("conv_1x1_few_mve")


@pytest.mark.slow
@pytest.mark.parametrize("kind", EVERYDAY)
@needs_emulator
def test_mve_firmware_equals_the_interpreter(kind: str) -> None:
    for generators in (EVERYDAY, GENERATORS):
        check_on_board(batches(kind, 16, 3, generators), "mps3-an547", "qemu")


@pytest.mark.slow
@needs_emulator
def test_long_depthwise_windows_equal_the_interpreter() -> None:
    kernels = set()
    for batch in batches("DEPTHWISE_CONV_2D", 30, 9, {"DEPTHWISE_CONV_2D": depthwise_long}):
        outcome = chain.run(batch, "mps3-an547", "qemu", "native", "speed")
        assert outcome.problem == ""
        assert all(outcome.equal)
        kernels |= {name for name, _ in outcome.kernels}
    assert {"depthwise_conv_2d_mve", "depthwise_conv_2d_mve_taps"} <= kernels


@pytest.mark.parametrize("options", [MVE, CompileOptions("native", dsp=True)])
def test_a_window_over_the_whole_image_is_fully_connected(options: CompileOptions) -> None:
    rng = np.random.default_rng(3)
    size, one = (3, 5), (1, 1)
    taken = {
        compile_graph(
            _windows(rng, "CONV_2D", (7, size), (9, one), size, one, one, "VALID"),
            replace(options, optimize="speed"),
        )
        .calls[0]
        .kernel
        for _ in range(8)
    }
    assert any(kernel.startswith("fully_connected") for kernel in taken)

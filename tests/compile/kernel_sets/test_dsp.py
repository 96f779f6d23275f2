"""The DSP kernels: packing by hand, and every byte on an emulated Cortex-M4."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from bench.operators import GENERATORS, chain
from bench.operators.batches import Batch, batches
from bench.operators.everyday import (
    EVERYDAY,
    column_convolution,
    multiplied_depthwise,
    odd_depthwise,
)
from tests.support.emulated import check_on_board

from qmcu.builder import find_tool
from qmcu.compile import OPTIMIZATIONS, CompileOptions, compile_graph, flash
from qmcu.compile.alternatives import layer_forms
from qmcu.compile.dead_channels import settle_dead_channels
from qmcu.compile.kernel_sets.dsp import fours
from qmcu.compile.kernel_sets.dsp.anything import pack_taps_as_bytes, pack_with_singles
from qmcu.compile.kernel_sets.dsp.depthwise import pack_bytes
from qmcu.compile.kernel_sets.dsp.filters import Filters, lanes, window_order
from qmcu.compile.kernel_sets.dsp.fours import (
    pack_fours,
    pack_fours_steep,
    rows_of_words,
    words_of_rows,
)
from qmcu.compile.kernel_sets.dsp.general import pack_filters, pack_taps
from qmcu.compile.plan import ConstantArgument, KernelCall, ParametersArgument, ScratchArgument
from qmcu.model.graph import Graph, Operator, OptionValue, Quantization, Tensor

DSP = CompileOptions("native", dsp=True, fpu=True)


def test_single_filters_are_packed_as_halfwords() -> None:
    filters = np.arange(-3, 5 * 6 - 3, dtype=np.int8).reshape(5, 6)
    packed = pack_with_singles(filters, 4, wide=True)
    assert packed[:32].tolist() == pack_filters(filters[:4], 4).reshape(-1).tolist()
    assert packed[32:].view("<i2").tolist() == [21, 23, 22, 24, 25, 0, 26, 0]
    single = pack_with_singles(filters[:1], 0, wide=True)
    assert single.view("<i2").tolist() == [-3, -1, -2, 0, 1, 0, 2, 0]
    assert pack_with_singles(filters[:1], 0, wide=False).tolist() == [-3, -2, -1, 0, 1, 2, 0, 0]
    # Not filled up, what is left of a step of each of four lies behind them.
    four = np.arange(24, dtype=np.int8).reshape(4, 6)
    rests = pack_with_singles(four, 4, wide=False, filled=False)
    assert rests.tolist() == [*four[:, :4].reshape(-1), *four[:, 4:].reshape(-1)]


def filters(weights: list[list[int]], shifts: list[int]) -> Filters:
    count = len(weights)
    bias, multipliers = np.arange(10, 10 + count), np.arange(1 << 30, (1 << 30) + count)
    return Filters(np.array(weights), bias, multipliers, np.array(shifts), -3)


def test_two_filters_are_one_run_of_words() -> None:
    packed = pack_fours(filters([[1, 2, 3, 4, 5], [-1, 0, 0, 0, 0], [7, 0, 0, 0, 0]], [1, 2, 1]))
    assert packed is not None
    assert packed[:, :2].tolist() == [
        [257 * 10 - 128 * 15, 257 * 11 + 128],
        [257 * 12 - 128 * 7, 0],
    ]
    assert packed[:, 2:6].tolist() == [[0x04030201, 0xFF, 5, 0], [7, 0, 0, 0]]
    assert packed[0, 6:].tolist() == [1 << 30, 1 - 6, 1, (1 << 30) + 1, 2 - 12, 2]
    assert packed[1, 6:].tolist() == [(1 << 30) + 2, 1 - 6, 1, 0, 0, 0]
    steep = pack_fours_steep(filters([[1]], [-2]))
    assert steep is not None
    assert steep[0, 4:7].tolist() == [1 << 30, 1 - 6, 1 | 2 << 8]


def test_rows_of_words_and_one_value_more() -> None:
    weights = np.arange(1, 16, dtype=np.int8).reshape(1, 3, 5, 1)
    rows = [1, 2, 3, 4, 6, 7, 8, 9, 11, 12, 13, 14]
    assert rows_of_words(weights).tolist() == [[*rows, 5, 10, 15, 0]]
    assert rows_of_words(weights.reshape(1, 1, 15, 1)).tolist() == [[*range(1, 16), 0]]
    assert words_of_rows(5, 1) == (1, 0) and words_of_rows(5, 9) == (2, 2)


def test_sums_of_four_columns_have_24_bits() -> None:
    # 516 * 127 * 128 is below 2^23, 517 times it is not.
    assert pack_fours(filters([[127] * 516], [1])) is not None
    assert pack_fours(filters([[127] * 517], [1])) is None


def test_filters_are_packed_step_by_step() -> None:
    filters = np.arange(15, dtype=np.int8).reshape(3, 5)
    packed = pack_filters(filters, 2)
    assert packed.shape == (2, 2, 2, 4)
    assert packed[0, 0].tolist() == [[0, 1, 2, 3], [5, 6, 7, 8]]
    assert packed[0, 1].tolist() == [[4, 0, 0, 0], [9, 0, 0, 0]]
    assert packed[1, 0].tolist() == [[10, 11, 12, 13], [0, 0, 0, 0]]


def test_taps_are_packed_in_pairs() -> None:
    filters = np.arange(12, dtype=np.int8).reshape(4, 3)
    packed = pack_taps(filters)
    assert packed.shape == (1, 2, 4, 2)
    assert packed[0, 0].tolist() == [[0, 1], [3, 4], [6, 7], [9, 10]]
    assert packed[0, 1].tolist() == [[2, 0], [5, 0], [8, 0], [11, 0]]


@pytest.mark.parametrize("kind", EVERYDAY)
def test_everyday_graphs_take_the_dsp_kernel(kind: str) -> None:
    rng = np.random.default_rng(5)
    kernels = [compile_graph(EVERYDAY[kind](rng), DSP).calls[0].kernel for _ in range(40)]
    assert sum(kernel.endswith("_dsp") for kernel in kernels) >= 30


# Where each kernel's constants hold the multipliers: columns, and the array's width.
MULTIPLIER_COLUMNS = {
    "pairs": ((0, 3), 8),
    "filters": ((1,), 4),
    "quads": ((4, 6, 8, 10), 12),
    "channels": ((7,), 10),
}
# Of two filters in one run of words: two that sums begin with, weights, three or two of each to
# scale by.
SCALING, SMALL_SCALING = (-6, -3), (-4, -2)


@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"])
def test_multipliers_are_those_of_the_portable_kernel(kind: str) -> None:
    # Some products of scales differ in the last bit of the multiplier between float32 and double.
    rng = np.random.default_rng(6)
    compared = 0
    for _ in range(300):
        graph = EVERYDAY[kind](rng)
        native = compile_graph(graph, DSP).calls[0]
        portable = compile_graph(settle_dead_channels(graph)).calls[0]
        wanted = np.frombuffer(constant(portable, "multipliers"), "<i4")
        found = native_multipliers(native)
        if found is None:
            continue
        compared += 1
        count = graph.output_tensors[0].shape[-1]
        assert (found[:count] == (wanted if len(wanted) > 1 else wanted[0])).all()
    assert compared > 200


def native_multipliers(call: KernelCall) -> np.ndarray | None:
    if "_four" in call.kernel:
        words = np.frombuffer(constant(call, "_fours"), "<i4")
        depth = dict(parameters(call))["output_depth"]
        assert isinstance(depth, int)
        pairs = -(-depth // 2)
        two = SMALL_SCALING if "_small" in call.kernel else SCALING
        return words.reshape(pairs, -1)[:, two].reshape(-1)
    fields = dict(parameters(call))
    if call.kernel == "fully_connected_shared_dsp":
        return np.full(1, fields["multiplier"]).repeat(fields["output_depth"])
    if isinstance(step := fields.get("bias_step"), int) and step & 3 == 1:
        data = np.frombuffer(constant(call, "_channels"), "<i4")
        outputs = fields["output_depth"]
        return data[outputs + 1 :][:1].repeat(outputs)  # behind all biases, one for all
    if call.kernel == "depthwise_bytes_dsp":
        words = np.frombuffer(constant(call, "_filters"), "<i4")
        return words.reshape(-(-fields["shape.depth"] // 4), -1)[:, -5:-1].reshape(-1)
    for name, (columns, width) in MULTIPLIER_COLUMNS.items():
        try:
            data = np.frombuffer(constant(call, f"_{name}"), "<i4")
        except StopIteration:
            continue
        if "_shared_" in call.kernel:
            multiplier = dict(parameters(call))["multiplier"]
            assert isinstance(multiplier, int)
            return np.full(data.size, multiplier)  # one for all
        if call.kernel in ("conv_2d_dsp", "depthwise_conv_2d_dsp"):
            columns, width = (1,), 4
        if any(name in call.kernel for name in ("_any_", "_even_", "connected_two_")):
            columns, width = (1,), 3
        if call.kernel == "depthwise_3x3_packed_dsp":
            columns, width = (4,), 5
        return data.reshape(-1, width)[:, columns].reshape(-1)
    return None


def constant(call: KernelCall, name: str) -> bytes:
    return next(
        a.constant.data
        for a in call.arguments
        if isinstance(a, ConstantArgument) and a.constant and a.constant.name.endswith(name)
    )


def test_a_core_without_dsp_takes_no_dsp_kernels() -> None:
    graph = EVERYDAY["CONV_2D"](np.random.default_rng(0))
    assert compile_graph(graph, CompileOptions("native")).calls[0].kernel == "conv_2d_scalar"
    assert compile_graph(graph, CompileOptions("portable", dsp=True)).calls[0].kernel == "conv_2d"


def first_call(height: int, depth: int, filters: int, optimize: str, kernel: int = 3) -> KernelCall:
    """The call of a convolution over a square image, 3x3 by default."""
    graph = convolution(height, depth, filters, kernel)
    return compile_graph(graph, CompileOptions("native", optimize, dsp=True, fpu=True)).calls[0]


def convolution(height: int, depth: int, filters: int, kernel: int = 3, stride: int = 1) -> Graph:
    rng = np.random.default_rng(1)
    shape = (filters, kernel, kernel, depth)
    weights = rng.integers(-127, 128, shape, np.int8)
    grid = Quantization((0.02,), (-3,))
    options: dict[str, OptionValue] = {
        "padding": "SAME", "stride_w": stride, "stride_h": stride, "dilation_w_factor": 1,
        "dilation_h_factor": 1, "fused_activation_function": "NONE",
    }  # fmt: skip
    side = -(-height // stride)
    tensors = (
        Tensor(0, "in", (1, height, height, depth), "int8", grid),
        Tensor(1, "w", shape, "int8", Quantization((0.01,), (0,)), weights.tobytes()),
        Tensor(2, "out", (1, side, side, filters), "int8", Quantization((0.9,), (5,))),
    )
    operator = Operator(0, "CONV_2D", (0, 1, -1), (2,), options)
    return Graph("conv", tensors, (operator,), (0,), (2,))


def test_transformed_weights_are_taken_where_they_pay() -> None:
    assert first_call(32, 16, 16, "speed").kernel == "conv_3x3_winograd_dsp"
    assert first_call(8, 64, 64, "speed").kernel == "conv_3x3_winograd_dsp"
    assert first_call(32, 16, 16, "size").kernel == "conv_2d_rows_four_small_dsp"
    # Along rows they take no more RAM than the direct form.
    assert first_call(32, 16, 16, "ram").kernel == "conv_2d_winograd_rows_dsp"
    assert "bytes more flash" in first_call(32, 16, 16, "speed").trade


def test_transformed_weights_need_an_fpu() -> None:
    target = CompileOptions("native", "speed", dsp=True, fpu=False)
    call = compile_graph(convolution(32, 16, 16), target).calls[0]
    assert call.kernel == "conv_2d_rows_four_dsp"


def test_a_deeper_1x1_output_goes_over_its_input_backward() -> None:
    call = compile_graph(convolution(5, 8, 16, kernel=1), DSP).calls[0]
    assert call.overlay_grows and dict(parameters(call))["backward"] == 1
    shallower = compile_graph(convolution(5, 16, 8, kernel=1), DSP).calls[0]
    assert shallower.may_overlay and dict(parameters(shallower))["backward"] == 0


def test_transformed_rows_go_over_inputs_of_their_own_depth_only() -> None:
    same, fewer = first_call(16, 16, 16, "speed"), first_call(32, 33, 16, "speed")
    assert same.kernel == fewer.kernel == "conv_3x3_winograd_dsp" and same.may_overlay
    # Fewer channels would fall on pixels further up that the next tile still reads.
    assert not fewer.may_overlay


def parameters(call: KernelCall) -> tuple[tuple[str, Any], ...]:
    return next(a.fields for a in call.arguments if isinstance(a, ParametersArgument))


def test_lanes_are_those_of_sxtb16() -> None:
    assert lanes(np.arange(8)).tolist() == [[[0, 2], [1, 3]], [[4, 6], [5, 7]]]
    windows = window_order(np.arange(27, dtype=np.int8).reshape(1, 3, 3, 3))[0].tolist()
    assert windows == [*range(8), *range(9, 17), *range(18, 26), 8, 26, 17, 0]


def test_rows_of_windows_are_filled_up_to_words_where_that_takes_no_step_more() -> None:
    def order(height: int, width: int) -> list[int]:
        weights = np.arange(1, height * width + 1, dtype=np.int8).reshape(1, height, width, 1)
        return [int(value) for value in window_order(weights)[0]]

    assert order(3, 3) == [1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0]
    rows = [1, 2, 3, 4, 6, 7, 8, 9, 11, 12, 13, 14, 16, 17, 18, 19, 21, 22, 23, 24]
    assert order(5, 5) == [*rows, 5, 15, 10, 20, 25, 0, 0, 0]
    assert order(4, 6) == list(range(1, 25))


@pytest.mark.parametrize(("padding", "scratch"), [("VALID", 4), ("SAME", 5 * 12 * 8)])
def test_depthwise_windows_that_stay_in_the_image_need_no_rows_in_scratch(
    padding: str, scratch: int
) -> None:
    rng = np.random.default_rng(2)
    side = 8 if padding == "SAME" else 4
    options: dict[str, OptionValue] = {
        "padding": padding, "stride_w": 1, "stride_h": 1, "dilation_w_factor": 1,
        "dilation_h_factor": 1, "depth_multiplier": 1, "fused_activation_function": "NONE",
    }  # fmt: skip
    grid = Quantization((0.02,), (-3,))
    weights = rng.integers(-127, 128, (1, 5, 5, 8), np.int8)
    tensors = (
        Tensor(0, "in", (1, 8, 8, 8), "int8", grid),
        Tensor(1, "w", (1, 5, 5, 8), "int8", Quantization((0.01,), (0,)), weights.tobytes()),
        Tensor(2, "out", (1, side, side, 8), "int8", Quantization((0.9,), (5,))),
    )
    operator = Operator(0, "DEPTHWISE_CONV_2D", (0, 1), (2,), options)
    (call,) = compile_graph(Graph("depthwise", tensors, (operator,), (0,), (2,)), DSP).calls
    assert call.kernel in ("depthwise_conv_2d_dsp", "depthwise_bytes_dsp")
    found = [a.size for a in call.arguments if isinstance(a, ScratchArgument)]
    assert found == [scratch]
    widths = {name.rpartition(".")[2]: value for name, value in parameters(call)}
    assert widths["row_width"] == (0 if padding == "VALID" else 12)


def test_a_weight_of_minus_128_fits_a_pair_unless_the_one_below_it_is_negative() -> None:
    def kernels(first: int, second: int) -> list[str]:
        graph = convolution(4, 8, 2, kernel=1)
        weights = np.full((2, 1, 1, 8), 3, np.int8)
        weights[:, 0, 0, 0] = first, second
        tensors = list(graph.tensors)
        tensors[1] = replace(tensors[1], data=weights.tobytes())
        (layer,) = layer_forms(replace(graph, tensors=tuple(tensors)), DSP)
        return [form.kernel for form in layer.forms.values()]

    pairs = [f"conv_1x1_{form}_dsp" for form in ("two", "four", "pair", "wide")]
    assert kernels(-128, 1)[:4] == kernels(0, -128)[:4] == kernels(-128, -127)[:4] == pairs
    assert kernels(-1, -128)[:2] == ["conv_1x1_four_dsp", "conv_1x1_wide_dsp"]


@pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)
def test_pixels_that_are_no_four_equal_the_interpreter() -> None:
    # Rows of 1 to 7 pixels: windows of several rows are multiplied together, and one to three last.
    # Rows of 9 values are words and one more, whose last values come by themselves.
    shapes = ((5, 3, 1), (2, 4, 1), (3, 3, 3), (2, 2, 3))
    graphs = [convolution(side, *shape) for side in range(1, 8) for shape in shapes]
    outcome = chain.run(Batch("CONV_2D", 0, tuple(graphs)), "stm32f407", "unicorn", "native")
    assert outcome.problem == "" and all(outcome.equal)
    kernels = {kernel for kernel, _ in outcome.kernels}
    assert {"conv_1x1_four_dsp", "conv_2d_rows_four_dsp"} <= kernels


def test_windows_are_read_where_they_lie_where_rows_in_scratch_would_be_too_much() -> None:
    call = compile_graph(convolution(16, 32, 32, 5, stride=2), DSP).calls[0]
    assert call.kernel == "conv_2d_windows_four_dsp"
    assert "a slower form: conv_2d_windows_four_dsp with 5,156 bytes of scratch" in call.trade
    # Up to four windows are read before their outputs are written over the image's first rows.
    assert call.may_trail == ((0, 2, 0),)
    assert first_call(16, 32, 32, "balanced", kernel=5).kernel == "conv_2d_rows_four_dsp"


@pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)
def test_windows_where_they_lie_equal_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fours, "plain", fours.windows)
    kinds = {"CONV_2D": EVERYDAY["CONV_2D"]}
    kernels = set()
    for batch in batches("CONV_2D", 24, 3, kinds):
        outcome = chain.run(batch, "stm32f407", "unicorn", "native")
        assert outcome.problem == "" and all(outcome.equal)
        kernels |= {kernel for kernel, _ in outcome.kernels}
    assert "conv_2d_windows_four_dsp" in kernels and "conv_2d_rows_four_dsp" not in kernels


def test_one_filter_or_two_of_1x1_windows_need_no_scratch() -> None:
    for filters in (1, 2):
        call = first_call(5, 24, filters, "balanced", kernel=1)
        assert call.kernel == "conv_1x1_two_dsp" and call.may_overlay
        assert not any(isinstance(a, ScratchArgument) for a in call.arguments)
    assert first_call(5, 24, 3, "balanced", kernel=1).kernel == "conv_1x1_four_dsp"
    # Deeper outputs would reach pixels that are still to be read; `size` has a word less a filter.
    assert first_call(5, 1, 2, "balanced", kernel=1).kernel == "conv_1x1_four_dsp"
    assert first_call(5, 24, 2, "size", kernel=1).kernel == "conv_1x1_four_small_dsp"


@pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)
def test_one_filter_or_two_of_1x1_windows_equal_the_interpreter() -> None:
    depths = (2, 3, 8, 9, 16, 33)
    graphs = [convolution(3, depth, filters, kernel=1) for depth in depths for filters in (1, 2)]
    outcome = chain.run(Batch("CONV_2D", 0, tuple(graphs)), "stm32f407", "unicorn", "native")
    assert outcome.problem == "" and all(outcome.equal)
    assert {kernel for kernel, _ in outcome.kernels} == {"conv_1x1_two_dsp"}


@pytest.mark.slow
@pytest.mark.parametrize("optimize", OPTIMIZATIONS)
@pytest.mark.parametrize("kind", EVERYDAY)
@pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)
def test_native_firmware_equals_the_interpreter(kind: str, optimize: str) -> None:
    for generators in (EVERYDAY, GENERATORS):
        check_on_board(batches(kind, 16, 3, generators), "stm32f407", "unicorn", optimize=optimize)


def test_depthwise_weights_as_bytes_lie_by_two_taps_of_two_channels() -> None:
    taps = np.arange(8 * 3, dtype=np.int8).reshape(8, 3)
    scales = np.arange(32, dtype=np.int32).reshape(8, 4)
    packed = pack_bytes(taps, scales)
    assert packed.shape == (2, 4 + 2 * 2 + 4 + 1)
    assert packed[0, :4].tolist() == [0, 4, 8, 12]
    # Channels 0 and 1 of taps 0 and 1, channels 2 and 3; then tap 2 beside one of zeros.
    assert packed[0, 4:8].view(np.int8).tolist() == [
        0,
        3,
        1,
        4,
        6,
        9,
        7,
        10,
        2,
        5,
        0,
        0,
        8,
        11,
        0,
        0,
    ]
    assert packed[0, 8:12].tolist() == [1, 5, 9, 13]
    assert packed[0, 12:].view(np.int8).tolist() == [2, 6, 10, 14]


def test_windows_one_column_wide_are_filled_up_to_words_once() -> None:
    rng = np.random.default_rng(5)
    found = 0
    for graph in (column_convolution(rng) for _ in range(40)):
        filters, height, _, depth = graph.tensors[1].shape
        call = compile_graph(graph, replace(DSP, optimize="speed")).calls[0]
        if call.kernel == "conv_2d_column_four_dsp":
            found += 1
            words = -(-height * depth // 4)
            assert len(constant(call, "_fours")) == -(-filters // 2) * 4 * (8 + 2 * words)
    assert found > 10


@pytest.mark.parametrize("optimize", ["balanced", "size"])
@pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)
def test_windows_one_column_wide_equal_the_interpreter(optimize: str) -> None:
    kernels = set()
    for batch in batches("CONV_2D", 24, 3, {"CONV_2D": column_convolution}):
        outcome = chain.run(batch, "stm32f407", "unicorn", "native", optimize)
        assert outcome.problem == "" and all(outcome.equal)
        kernels |= {kernel for kernel, _ in outcome.kernels}
    assert "conv_2d_column_four_dsp" in kernels


def test_the_reciprocal_of_average_pools_rounds_as_the_division() -> None:
    for count in range(1, 256):
        sums = np.arange(-128 * count, 127 * count + 1, dtype=np.int64)
        wanted = np.sign(sums) * ((np.abs(sums) + count // 2) // count)
        found = ((sums * ((1 << 28) // count + 1) >> 16) + (1 << 11)) >> 12
        assert (found == wanted).all()


@pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)
def test_average_pools_of_any_channels_equal_the_interpreter() -> None:
    kernels = set()
    for batch in batches("AVERAGE_POOL_2D", 24, 5):
        outcome = chain.run(batch, "stm32f407", "unicorn", "native")
        assert outcome.problem == "" and all(outcome.equal)
        kernels |= {kernel for kernel, _ in outcome.kernels}
    assert "average_pool_2d" not in kernels and "average_pool_2d_dsp" in kernels


def test_taps_as_bytes_lie_by_two_taps_of_two_channels() -> None:
    packed = pack_taps_as_bytes(np.arange(12, dtype=np.int8).reshape(4, 3))
    assert packed.shape == (1, 2, 2, 2, 2)
    assert packed[0, 0].reshape(-1).tolist() == [0, 3, 1, 4, 6, 9, 7, 10]
    assert packed[0, 1].reshape(-1).tolist() == [2, 5, 0, 0, 8, 11, 0, 0]


def test_rows_in_scratch_have_a_channel_once_where_an_even_number_of_filters_share_it() -> None:
    rng = np.random.default_rng(4)
    found: dict[str, int] = {}
    for graph in (multiplied_depthwise(rng) for _ in range(60)):
        call = compile_graph(graph, DSP).calls[0]
        depths = [tensor.shape[3] for tensor in (*graph.input_tensors, *graph.output_tensors)]
        if depths[0] > 1 and depths[1] // depths[0] % 2 == 0:
            assert call.kernel == "depthwise_even_dsp"
            fields = dict(parameters(call))
            assert fields["row_bytes"] == fields["row_width"] * depths[0] + 3
        found[call.kernel] = found.get(call.kernel, 0) + 1
    assert found["depthwise_even_dsp"] > 20 and found["depthwise_any_bytes_dsp"] > 5


@pytest.mark.parametrize("optimize", ["balanced", "speed"])
@pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)
def test_several_filters_a_channel_equal_the_interpreter(optimize: str) -> None:
    kinds = {"DEPTHWISE_CONV_2D": multiplied_depthwise}
    kernels = set()
    for batch in batches("DEPTHWISE_CONV_2D", 24, 3, kinds):
        outcome = chain.run(batch, "stm32f407", "unicorn", "native", optimize)
        assert outcome.problem == "" and all(outcome.equal)
        kernels |= {kernel for kernel, _ in outcome.kernels}
    other = "depthwise_any_bytes_dsp" if optimize == "balanced" else "depthwise_any_dsp"
    assert {"depthwise_even_dsp", other} <= kernels


@pytest.mark.parametrize("optimize", ["balanced", "speed"])
@pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)
def test_channels_that_are_no_fours_are_filled_up(optimize: str) -> None:
    """Their outputs lie over their inputs wherever that is allowed."""
    kinds = {"DEPTHWISE_CONV_2D": odd_depthwise}
    kernels: dict[str, int] = {}
    for batch in batches("DEPTHWISE_CONV_2D", 40, 5, kinds):
        outcome = chain.run(batch, "stm32f407", "unicorn", "native", optimize)
        assert outcome.problem == "" and all(outcome.equal)
        for kernel, _ in outcome.kernels:
            kernels[kernel] = kernels.get(kernel, 0) + 1
    fast = "depthwise_bytes_dsp" if optimize == "balanced" else "depthwise_conv_2d_dsp"
    assert kernels[fast] > 15


def fully_connected(outputs: int, inputs: int, largest: int) -> Graph:
    """One scale for all; the first filter's sum goes up to 2^30 with a `largest` bias of that."""
    rng = np.random.default_rng(7)
    weights = rng.integers(-127, 128, (outputs, inputs), np.int8)
    bias = np.zeros(outputs, np.int32)
    bias[0] = largest
    one, product = Quantization((0.02,), (0,)), Quantization((0.0002,), (0,))
    tensors = (
        Tensor(0, "in", (1, inputs), "int8", one),
        Tensor(1, "w", weights.shape, "int8", Quantization((0.01,), (0,)), weights.tobytes()),
        Tensor(2, "b", (outputs,), "int32", product, bias.tobytes()),
        Tensor(3, "out", (1, outputs), "int8", Quantization((0.9,), (5,))),
    )
    options: dict[str, OptionValue] = {
        "fused_activation_function": "NONE", "weights_format": "DEFAULT", "keep_num_dims": False,
        "asymmetric_quantize_inputs": False,
    }  # fmt: skip
    operator = Operator(0, "FULLY_CONNECTED", (0, 1, 2), (3,), options)
    return Graph("dense", tensors, (operator,), (0,), (3,))


def test_a_layer_of_one_scale_has_it_once_also_where_a_sum_is_wide() -> None:
    call = compile_graph(fully_connected(12, 8, 3 << 24), DSP).calls[0]
    assert call.kernel == "fully_connected_any_dsp"
    assert len(constant(call, "_channels")) == 4 * 12 + 12
    wide = compile_graph(fully_connected(12, 8, 1 << 30), DSP).calls[0]
    assert len(constant(wide, "_channels")) == 4 * 12 + 12
    *_, general = np.frombuffer(constant(wide, "_channels"), "<i4")
    assert general < 0  # no shift to the right: as qmcu_any_output has it


def test_size_has_no_filters_of_zeros_behind_the_last_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flash, "_MOST_SHARE", 1.0)  # as if the layer were a part of a model
    size = replace(DSP, optimize="size")
    # Above CMSIS-NN's, even where constants shrink by less than the other kernel's code is larger.
    for outputs, inputs in ((1, 200), (2, 200), (3, 200), (10, 200), (3, 60)):
        call = compile_graph(fully_connected(outputs, inputs, 0), size).calls[0]
        assert call.kernel == f"fully_connected_{'two' if outputs == 2 else 'any'}_dsp"
        assert len(constant(call, "_weights")) == inputs * outputs
    # Where outputs are fours there is nothing to shrink.
    call = compile_graph(fully_connected(12, 200, 0), size).calls[0]
    assert call.kernel == "fully_connected_shared_dsp"


@pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)
def test_wide_sums_of_one_scale_equal_the_interpreter() -> None:
    shapes = ((4, 8, 1 << 30), (6, 9, -(1 << 30)), (7, 17, 1 << 30), (3, 5, 3 << 24), (9, 64, 0))
    graphs = tuple(fully_connected(*shape) for shape in shapes)
    outcome = chain.run(Batch("FULLY_CONNECTED", 0, graphs), "stm32f407", "unicorn", "native")
    assert outcome.problem == "" and all(outcome.equal)


@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"])
def test_size_takes_no_more_constants_than_balanced(kind: str) -> None:
    rng = np.random.default_rng(3)
    less = 0
    for _ in range(25):
        graph = EVERYDAY[kind](rng)
        balanced, size = (
            sum(c.constant_size for c in compile_graph(graph, replace(DSP, optimize=o)).calls)
            for o in ("balanced", "size")
        )
        assert size <= balanced
        less += size < balanced
    assert less or kind != "CONV_2D"

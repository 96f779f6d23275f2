"""The kernels for cores without the DSP extension: what takes them, and every byte of theirs."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from bench.operators import GENERATORS
from bench.operators.batches import batches
from bench.operators.everyday import EVERYDAY
from bench.operators.packing import pack
from tests.support.emulated import check_on_board
from tests.support.host_run import check_on_host, run_on_host

from qmcu.builder import find_tool
from qmcu.compile import CompileOptions, compile_graph, overlay_everywhere
from qmcu.compile.alternatives import layer_forms
from qmcu.compile.kernel_sets import FormChoice
from qmcu.compile.kernel_sets.scalar.multiply import PARTS, output_rows_together
from qmcu.compile.kernel_sets.slower import ALONE
from qmcu.model.graph import Graph, Operator, OptionValue, Quantization, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.writer import write_model

SCALAR = CompileOptions("native")
KINDS = (
    *("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "SUB", "MUL", "MEAN", "LOGISTIC"),
    *("AVERAGE_POOL_2D", "MAX_POOL_2D", "BATCH_MATMUL", "SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM"),
    *("SOFTMAX", "SQUARED_DIFFERENCE", "PRELU"),
    *("CONV_2D int16", "FULLY_CONNECTED int16", "UNIDIRECTIONAL_SEQUENCE_LSTM int16"),
    *("ADD int16", "SUB int16"),
)


def graphs(kind: str, seed: int, count: int) -> Iterator[Graph]:
    """Random graphs of everyday scales, where there are such, and of any."""
    rng = np.random.default_rng(seed)
    for generators in (EVERYDAY, GENERATORS):
        if kind in generators:
            yield from (generators[kind](rng) for _ in range(count))


@pytest.mark.parametrize("kind", KINDS)
def test_graphs_take_the_kernel(kind: str) -> None:
    for graph in graphs(kind, 5, 20):
        call = compile_graph(graph, SCALAR).calls[-1]
        if call.kernel in ALONE:
            assert "plain C" in call.slower
        elif not graph.tensors[graph.operators[0].inputs[0]].is_constant:
            assert call.kernel.endswith("_scalar") and call.slower == ""


@pytest.mark.parametrize("kind", KINDS)
def test_its_bytes_are_the_interpreters(kind: str) -> None:
    """Also that no byte beside its tensors and scratch is read or written."""
    kernels = check_on_host(pack(list(graphs(kind, 6, 3))), options=SCALAR)
    assert any(name.endswith("_scalar") or name in ALONE for name in kernels)


def test_transposed_convolutions_by_phases_are_exact() -> None:
    """Of strides, paddings, borders and filters that are no fours."""
    some = list(graphs("TRANSPOSE_CONV int16", 7, 30))
    check_on_host(pack(some), options=SCALAR)
    found = [compile_graph(graph, SCALAR).calls[0].kernel for graph in some]
    assert found.count("transpose_conv_s16_quads_scalar") >= 8


def layer(
    shape: tuple[int, int, int], kernel: tuple[int, int], filters: int, *, stride: int = 1
) -> Graph:
    """One convolution of an image (height, width, channels), padded by SAME."""
    height, width, depth = shape
    rng = np.random.default_rng(3)
    weights = rng.integers(-127, 128, (filters, *kernel, depth)).astype(np.int8)
    scales = Quantization((0.02,), (3,)), Quantization((0.01,), (0,)), Quantization((0.3,), (0,))
    sizes = -(-height // stride), -(-width // stride)
    tensors = (
        Tensor(0, "image", (1, *shape), "int8", scales[0]),
        Tensor(1, "weights", weights.shape, "int8", scales[1], weights.tobytes()),
        Tensor(2, "features", (1, *sizes, filters), "int8", scales[2]),
    )
    options: dict[str, OptionValue] = {
        "padding": "SAME", "stride_h": stride, "stride_w": stride, "dilation_h_factor": 1,
        "dilation_w_factor": 1, "fused_activation_function": "NONE",
    }  # fmt: skip
    return Graph("layer", tensors, (Operator(0, "CONV_2D", (0, 1), (2,), options),), (0,), (2,))


@pytest.mark.parametrize(
    ("graph", "behind"),
    [
        (layer((9, 7, 8), (1, 1), 12), 0),  # from the last pixel to the first
        (layer((9, 7, 12), (1, 1), 8), 0),
        (layer((9, 7, 3), (3, 3), 16, stride=2), 88),  # behind the rows that were read
        (layer((1, 60, 6), (1, 5), 12), 332),
    ],
    ids=["deeper", "shallower", "strided", "one row"],
)
def test_outputs_lie_over_what_was_read(graph: Graph, behind: int) -> None:
    """Exact where they share bytes, the input so many bytes behind the output."""
    plan = overlay_everywhere(graph, compile_graph(graph, SCALAR))
    source, target = (plan.tensor(i) for i in (0, 2))
    assert source.offset - target.offset == behind < target.size
    rng = np.random.default_rng(4)
    vectors = [[rng.integers(-128, 128, source.shape).astype(np.int8)] for _ in range(3)]
    interpreter = Oracle(write_model(graph))
    expected = [[interpreter.run(vector)[0].tobytes()] for vector in vectors]
    assert run_on_host(plan, vectors) == expected


def test_the_reciprocal_of_average_pools_rounds_as_the_division() -> None:
    for count in range(1, 182):
        reciprocal = (1 << 23) // count + 1
        sums = np.arange(-128 * count, 127 * count + 1, dtype=np.int64)
        begin = (1 << 22) - 128 * count * reciprocal
        products = ((sums + 128 * count) * reciprocal + begin).astype(np.uint32)
        wanted = np.sign(sums) * ((np.abs(sums) + count // 2) // count)
        assert (products.view(np.int32) >> 23 == wanted).all()


@pytest.mark.parametrize("outputs", [1, 3, 4, 7])
def test_a_few_outputs_are_computed_alone(outputs: int) -> None:
    """Of fewer than four none twice; of more the last four, some of them twice."""
    rng = np.random.default_rng(outputs)
    weights = rng.integers(-128, 128, (outputs, 37)).astype(np.int8)
    scales = Quantization((0.02,), (3,)), Quantization((0.01,), (0,)), Quantization((0.3,), (0,))
    tensors = (
        Tensor(0, "in", (2, 37), "int8", scales[0]),
        Tensor(1, "weights", weights.shape, "int8", scales[1], weights.tobytes()),
        Tensor(2, "out", (2, outputs), "int8", scales[2]),
    )
    operator = Operator(0, "FULLY_CONNECTED", (0, 1, -1), (2,), {"keep_num_dims": False})
    graph = Graph("layer", tensors, (operator,), (0,), (2,))
    few = outputs < 4
    kernel = "fully_connected_few_scalar" if few else "fully_connected_scalar"
    assert check_on_host(graph, options=SCALAR) == {kernel}


@pytest.mark.parametrize("seed", range(6))
def test_windows_packed_in_parts_are_exact(seed: int) -> None:
    """With fewer bytes of scratch than the same windows packed at once."""
    rng = np.random.default_rng(seed)
    height, width, filters = (int(n) for n in rng.integers(4, 8, 3))
    depth, side = int(rng.integers(3, 40)) * 4, int(rng.choice([1, 3]))
    graph = layer((height, width, depth), (side, side), filters, stride=int(rng.integers(1, 3)))
    forms = layer_forms(graph, SCALAR)[0].forms
    taken = {name: form for name, form in forms.items() if form.kernel == PARTS}
    if not taken:
        assert 8 * min(side * side * depth, 64) + 16 * filters + depth >= 8 * side * side * depth
        return
    (name,) = taken
    at_once = next(form for form in forms.values() if form.kernel == "conv_2d_scalar")
    assert taken[name].scratch_size < at_once.scratch_size
    options = replace(SCALAR, forms=(FormChoice(0, name),))
    assert check_on_host(graph, options=options) == {PARTS}


def test_an_arena_above_the_librarys_takes_windows_in_parts() -> None:
    """A residual block whose windows, packed at once, would take more than the library's."""
    graph = residual()
    library = compile_graph(graph, replace(SCALAR, kernels="cmsis-nn"))
    plan = compile_graph(graph, SCALAR)
    assert plan.calls[1].kernel == PARTS and "slower form" in plan.calls[1].trade
    assert plan.arena_size <= library.arena_size
    assert plan.calls[1].scratch_size <= library.calls[1].scratch_size
    fast = compile_graph(graph, replace(SCALAR, optimize="speed"))
    assert fast.calls[1].kernel == "conv_2d_scalar" and fast.arena_size > library.arena_size


def residual() -> Graph:
    """A layer at stride 2, another one, and the sum of both outputs."""
    graph, more = layer((14, 14, 12), (3, 3), 24, stride=2), layer((7, 7, 24), (3, 3), 24)
    tensors = (
        *graph.tensors,
        replace(more.tensors[1], index=3, name="weights1"),
        replace(more.tensors[2], index=4, name="more"),
        replace(more.tensors[2], index=5, name="sum"),
    )
    second = replace(more.operators[0], index=1, inputs=(2, 3), outputs=(4,))
    third = Operator(2, "ADD", (2, 4), (5,), {"fused_activation_function": "NONE"})
    operators = (*graph.operators, second, third)
    return replace(graph, tensors=tensors, operators=operators, outputs=(5,))


def test_rows_of_one_pixel_take_little_scratch() -> None:
    """An image of one row goes through scratch some pixels at a time."""
    call = compile_graph(layer((1, 60, 6), (1, 5), 12), SCALAR).calls[0]
    assert call.scratch_size == (4 + 5 - 1) * 6 + 15 * 16


def test_few_pixels_are_left_of_their_fours() -> None:
    assert output_rows_together(25, 5) == 3
    assert output_rows_together(8, 8) == 1
    assert output_rows_together(6, 6) == 2
    # A pixel of 49 costs less than the scratch of three rows more.
    assert output_rows_together(49, 49) == 1
    assert output_rows_together(1, 3) == 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("board", "emulator"), [("rpi-pico", "unicorn"), ("mps2-an385", "qemu")])
@pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)
def test_firmware_equals_the_interpreter(kind: str, board: str, emulator: str) -> None:
    for generators in (EVERYDAY, GENERATORS):
        if kind in generators:
            check_on_board(batches(kind, 12, 3, generators), board, emulator)

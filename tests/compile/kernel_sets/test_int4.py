"""int4 weights for the DSP extension: digits, bounds, and every byte on an emulated Cortex-M4."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from bench.operators import chain
from bench.operators.batches import batches
from bench.operators.int4 import EVERYDAY_INT4, INT4

from qmcu.builder import find_tool
from qmcu.compile import OPTIMIZATIONS, CompileOptions, compile_graph
from qmcu.compile.flash import flash_of
from qmcu.compile.kernel_sets.cmsis_nn import fallback_reason
from qmcu.compile.kernel_sets.dsp.int4 import BYTES, COLUMNS, first_sums, pack_joint, sums_fit
from qmcu.compile.plan import ConstantArgument, KernelCall
from qmcu.model.graph import Graph, Operator, OptionValue, Quantization, Tensor
from qmcu.model.int4 import pack_int4

DSP = CompileOptions("native", dsp=True, fpu=True)
SIZE = CompileOptions("native", "size", dsp=True)
NEEDS_COMPILER = pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)


def wrap(values: np.ndarray) -> np.ndarray:
    """Mod 2^32, as signed numbers."""
    return (values + 2**31) % 2**32 - 2**31


@pytest.mark.parametrize("order", [COLUMNS, BYTES])
@pytest.mark.parametrize("fill", [None, -8, 7])
def test_masks_cut_the_four_sums_off(order: tuple[int, ...], fill: int | None) -> None:
    rng = np.random.default_rng(3)
    weights = rng.integers(-8, 8, (4, 64)) if fill is None else np.full((4, 64), fill)
    bias = rng.integers(-9999, 9999, 4)
    for values in (rng.integers(-128, 128, 64), np.full(64, -128), np.full(64, 127)):
        halfwords = pack_joint(weights, order).reshape(-1).astype(np.int64)
        inputs = values.reshape(-1, 8)[:, list(order)].reshape(-1)
        masks = (0xF, 0xFF, 0xFFF)
        joint = [halfwords & mask for mask in masks] + [halfwords]
        begins = [int(begin[0]) for begin in first_sums(bias)]
        sums = [wrap(b + (inputs * digits).sum()) for b, digits in zip(begins, joint, strict=True)]
        above = [sums[0], *(wrap(b - a) for a, b in pairwise(sums))]
        x = int(values.sum())
        found = [int(s) >> 4 * i for i, s in enumerate(above)]
        found = [f - 8 * x if i < 3 else f for i, f in enumerate(found)]
        assert found == (weights @ values + bias).tolist()


def test_sums_fit_to_the_last_value() -> None:
    weights = np.zeros((4, 8), np.int64)
    limit = 1 << 19
    for place, room in ((3, limit), (2, (1 << 23) - 8192), (0, (1 << 30) - 8192)):
        bias = np.zeros(4, np.int64)
        bias[place] = room - 1
        assert sums_fit(weights, bias)
        bias[place] = room
        assert not sums_fit(weights, bias)
    # What products can reach is counted with the signs of the weights: -128 is the farthest input.
    weights[3] = -1
    bias = np.array([0, 0, 0, limit - 1 - 8 * 128])
    assert sums_fit(weights, bias) and not sums_fit(weights, bias + np.array([0, 0, 0, 1]))


def convolution(depth: int, filters: int, *, level: int = 0, kernel: int = 3) -> Graph:
    """A 3x3 convolution over 8x8 pixels; weights all `level`, or random for 0."""
    rng = np.random.default_rng(1)
    shape = (filters, kernel, kernel, depth)
    weights = np.full(shape, level) if level else rng.integers(-7, 8, shape)
    data = pack_int4(weights.reshape(-1)).tobytes()
    options: dict[str, OptionValue] = {
        "padding": "SAME", "stride_w": 1, "stride_h": 1, "dilation_w_factor": 1,
        "dilation_h_factor": 1, "fused_activation_function": "NONE",
    }  # fmt: skip
    tensors = (
        Tensor(0, "in", (1, 8, 8, depth), "int8", Quantization((0.02,), (-3,))),
        Tensor(1, "w", shape, "int4", Quantization((0.1,), (0,)), data),
        Tensor(2, "out", (1, 8, 8, filters), "int8", Quantization((0.9,), (5,))),
    )
    operator = Operator(0, "CONV_2D", (0, 1, -1), (2,), options)
    return Graph("conv", tensors, (operator,), (0,), (2,))


def weights_of(call: KernelCall) -> int:
    sizes = [
        a.constant.size
        for a in call.arguments
        if isinstance(a, ConstantArgument) and a.constant and a.constant.role == "weights"
    ]
    return sum(sizes)


def test_weights_stay_packed_in_flash() -> None:
    graph = convolution(16, 16)
    # For MVE, three words for each of 16 filters lie among the weights.
    for target, more in (
        (CompileOptions(), 0),
        (DSP, 0),
        (CompileOptions("native", mve=True, dsp=True), 16 * 12),
    ):
        (call,) = compile_graph(graph, target).calls
        assert "_int4" in call.kernel
        assert weights_of(call) == graph.tensors[1].elements // 2 + more
        assert call.scratch_size < graph.tensors[1].elements


def test_sums_too_large_for_four_filters_are_multiplied_as_bytes() -> None:
    # 9 * 64 values of 7 times 127 + 3 reach 524,160, below 2^19.
    for target, larger in ((DSP, "conv_2d_rows_four_dsp"), (SIZE, "conv_2d_int4")):
        calls = [
            compile_graph(convolution(depth, 4, level=level), target).calls[0]
            for depth, level in ((64, 7), (65, 7), (65, 0))
        ]
        kernels = ["conv_2d_rows_int4_dsp", larger, "conv_2d_rows_int4_dsp"]
        assert [call.kernel for call in calls] == kernels
        assert ("int4 weights unpacked" in calls[1].trade) == (target == DSP)


def test_speed_unpacks_and_says_so() -> None:
    target = CompileOptions("native", "speed", dsp=True, fpu=True)
    (call,) = compile_graph(convolution(16, 16), target).calls
    assert "_int4" not in call.kernel and weights_of(call) >= 16 * 16 * 9
    assert call.int4 == "unpacked" and "int4 weights unpacked" in call.trade
    (packed,) = compile_graph(convolution(16, 16), DSP).calls
    assert packed.int4 == "packed"


def test_multipliers_from_a_half_on_have_a_kernel() -> None:
    graph = convolution(4, 4, kernel=1)
    out = replace(graph.tensors[2], quantization=Quantization((0.0025,), (5,)))
    coarse = replace(graph, tensors=(*graph.tensors[:2], out))
    # 0.8; from 1 on there is none for packed weights.
    assert compile_graph(coarse, DSP).calls[0].kernel == "conv_1x1_int4_dsp"
    out = replace(out, quantization=Quantization((0.0019,), (5,)))
    coarser = replace(graph, tensors=(*graph.tensors[:2], out))
    assert compile_graph(coarser, DSP).calls[0].int4 == "unpacked"
    fast, small = (compile_graph(coarser, options).calls[0] for options in (DSP, SIZE))
    assert flash_of(small) <= flash_of(fast)


def test_cmsis_nn_leaves_int4_to_our_kernels() -> None:
    for optimize in ("balanced", "speed"):
        target = CompileOptions("cmsis-nn", optimize, dsp=True, fpu=True)
        (call,) = compile_graph(convolution(16, 16), target).calls
        assert not call.kernel.endswith("cmsis_nn")
        assert fallback_reason(call) == "qmcu calls no CMSIS-NN kernel for int4 weights"


@pytest.mark.parametrize("kind", EVERYDAY_INT4)
def test_everyday_graphs_keep_their_weights_packed(kind: str) -> None:
    rng = np.random.default_rng(5)
    calls = [compile_graph(EVERYDAY_INT4[kind](rng), SIZE).calls[0] for _ in range(40)]
    kernels = [call.kernel for call in calls]
    # Or take less scratch as bytes, where that is what the arena needs.
    assert all("_int4" in call.kernel or "the arena's peak" in call.trade for call in calls)
    assert sum("_int4" in kernel for kernel in kernels) >= 36
    least = {"CONV_2D": 22, "DEPTHWISE_CONV_2D": 6, "FULLY_CONNECTED": 12}
    assert sum(kernel.endswith("_int4_dsp") for kernel in kernels) >= least[kind]


@NEEDS_COMPILER
@pytest.mark.parametrize("kind", EVERYDAY_INT4)
def test_a_batch_equals_the_interpreter(kind: str) -> None:
    (batch, *_) = batches(kind, 20, 1, EVERYDAY_INT4)
    outcome = chain.run(batch, "stm32f746", "unicorn", "native")
    assert outcome.problem == "" and all(outcome.equal)
    assert any(kernel.endswith("_int4_dsp") for kernel, _ in outcome.kernels)


@NEEDS_COMPILER
@pytest.mark.skipif(find_tool("qemu-system-arm") is None, reason="QEMU is not installed")
@pytest.mark.parametrize("kind", ["CONV_2D", "FULLY_CONNECTED"])
def test_a_batch_for_mve_equals_the_interpreter(kind: str) -> None:
    (batch, *_) = batches(kind, 16, 2, EVERYDAY_INT4)
    outcome = chain.run(batch, "mps3-an547", "qemu", "native")
    assert outcome.problem == "" and all(outcome.equal)
    kernels = [kernel for kernel, _ in outcome.kernels]
    assert sum("int4_mve" in kernel for kernel in kernels) >= 11


@pytest.mark.slow
@NEEDS_COMPILER
@pytest.mark.parametrize("optimize", OPTIMIZATIONS)
@pytest.mark.parametrize("kind", EVERYDAY_INT4)
def test_native_firmware_equals_the_interpreter(kind: str, optimize: str) -> None:
    for generators in (EVERYDAY_INT4, INT4):
        for batch in batches(kind, 16, 3, generators):
            outcome = chain.run(batch, "stm32f407", "unicorn", "native", optimize)
            assert outcome.problem == "" and all(outcome.equal)

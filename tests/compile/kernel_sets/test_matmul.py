"""Products of matrices that are computed: which form is taken, and how its sums are scaled."""

from dataclasses import replace

import numpy as np
import pytest
from bench.operators import GENERATORS
from bench.operators.everyday import batch_matmul
from bench.operators.packing import pack
from tests.support.host_run import check_on_host

from qmcu.compile import CompileOptions, compile_graph
from qmcu.compile.kernel_sets.dsp.elementwise import shifted_rounding
from qmcu.compile.plan import KernelCall, ParametersArgument, TensorArgument
from qmcu.compile.requantize import quantize_multiplier, requantize
from qmcu.compile.support import unsupported
from qmcu.model.graph import Graph, Quantization, Tensor

CORES = {
    "dsp": CompileOptions("native", dsp=True, fpu=True),
    "mve": CompileOptions("native", dsp=True, mve=True),
    "scalar": CompileOptions("native"),
}


def matrices(
    rows: int, depth: int, columns: int, adjoint: tuple[bool, bool], scale: float = 0.5
) -> Graph:
    """One product of two inputs."""
    graph = batch_matmul(np.random.default_rng(1))
    sides = [(rows, depth), (depth, columns)]
    shapes = [s[::-1] if turned else s for s, turned in zip(sides, adjoint, strict=True)]
    small = Quantization((0.02,), (3,))
    tensors = [
        Tensor(i, name, shape, "int8", quantization)
        for i, (name, shape, quantization) in enumerate(
            [("left", shapes[0], small), ("right", shapes[1], small),
             ("output", (rows, columns), Quantization((scale,), (-5,)))]
        )
    ]  # fmt: skip
    options = {**graph.operators[0].options, "adj_x": adjoint[0], "adj_y": adjoint[1]}
    operator = replace(graph.operators[0], options=options, inputs=(0, 1), outputs=(2,))
    return replace(
        graph, tensors=tuple(tensors), operators=(operator,), inputs=(0, 1), outputs=(2,)
    )


def call_of(graph: Graph, core: str) -> KernelCall:
    return compile_graph(graph, CORES[core]).calls[0]


def passing_of(call: KernelCall) -> int:
    argument = call.arguments[1]
    assert isinstance(argument, TensorArgument)
    return argument.tensor


@pytest.mark.parametrize("core", CORES)
def test_vectors_that_lie_along_k_pass_by_packed_ones(core: str) -> None:
    for adjoint, passing in (((False, False), "left"), ((True, True), "right")):
        call = call_of(matrices(9, 20, 7, adjoint), core)
        assert call.kernel == f"batch_matmul_packed_{core}" and call.slower == ""
        assert passing_of(call) == ("left", "right").index(passing)
    # Of two that could, the one that leaves fewer to pack.
    graph = matrices(40, 20, 4, (False, True))
    assert passing_of(call_of(graph, core)) == 0
    assert passing_of(call_of(matrices(4, 20, 40, (False, True)), core)) == 1


def test_scratch_holds_the_vectors_that_are_packed_at_once() -> None:
    scratch = {
        core: call_of(matrices(9, 21, 7, (False, False)), core).scratch_size for core in CORES
    }
    assert scratch == {"dsp": 2 * 2 * 24, "mve": 4 * 32, "scalar": 2 * 4 * 21}


@pytest.mark.parametrize("core", ["dsp", "mve"])
def test_what_no_two_vectors_can_pass_is_told(core: str) -> None:
    for graph in (matrices(1, 20, 7, (False, False)), matrices(9, 20, 7, (True, False))):
        call = call_of(graph, core)
        assert call.kernel == f"batch_matmul_{core}" and "no two rows" in call.slower


def test_sums_that_leave_31_bits_are_scaled_in_the_general_way() -> None:
    graph = matrices(9, 20, 7, (False, False), scale=1e-7)  # shifted 13 to the left
    assert call_of(graph, "dsp").kernel == "batch_matmul_dsp"
    assert call_of(graph, "mve").kernel == "batch_matmul_packed_mve"
    # The least sum times 2^7 is 20 * 255 * 255 * 128, below 2^30.
    call = call_of(matrices(9, 20, 7, (False, False), scale=0.02 * 0.02 / 100), "dsp")
    assert call.kernel == "batch_matmul_packed_dsp"


@pytest.mark.parametrize("core", CORES)
def test_products_of_int16_are_packed_too(core: str) -> None:
    rng = np.random.default_rng(6)
    graphs = (GENERATORS["BATCH_MATMUL int16"](rng) for _ in range(40))
    found = [call_of(graph, core) for graph in graphs if not unsupported(graph)]
    kernels = [call.kernel for call in found]
    # Matrices of which neither lies along what is summed have no other form with SIMD.
    assert kernels.count(f"batch_matmul_s16_packed_{core}") >= 25


@pytest.mark.parametrize("kind", ["BATCH_MATMUL", "BATCH_MATMUL int16"])
def test_bytes_are_the_interpreters(kind: str) -> None:
    """Of any adjoints, batches and scales, and sums of 64 bits at the ends of int16."""
    rng = np.random.default_rng(7)
    graphs = [graph for _ in range(8) if not unsupported(graph := GENERATORS[kind](rng))]
    kernels = check_on_host(pack(graphs), options=CORES["scalar"])
    assert all(kernel.endswith("_packed_scalar") for kernel in kernels)


@pytest.mark.parametrize("real", [1e-6, 0.0123, 0.5, 0.9, 3.7])
@pytest.mark.parametrize("zero_point", [-128, -5, 127])
def test_shifted_rounding_is_the_general_requantization(real: float, zero_point: int) -> None:
    multiplier, shift = quantize_multiplier(real)
    largest = 1 << 22
    own = shifted_rounding(multiplier, shift, zero_point, largest)
    assert own is not None
    left, rounding, right = (own[name] for name in ("left", "rounding", "shift"))
    assert isinstance(left, int) and isinstance(rounding, int) and isinstance(right, int)
    values = np.random.default_rng(1).integers(-largest, largest + 1, 4000)
    values = np.concatenate([values, np.arange(-300, 300), [-largest, largest]])
    high = ((values << left) * multiplier + (1 << 31)) >> 32
    found = (2 * high + rounding - (values < 0)) >> right
    assert np.array_equal(found, requantize(values, multiplier, shift) + zero_point)


def test_multipliers_that_round_beyond_31_bits_are_not() -> None:
    fields = call_of(matrices(9, 20, 7, (False, False)), "dsp").arguments[0]
    assert isinstance(fields, ParametersArgument) and dict(fields.fields)["right"] != 0
    multiplier, _ = quantize_multiplier(0.6)
    # Smaller sums are 0 after fewer places already, so these alone need all 24.
    assert shifted_rounding(multiplier, -24, 100, 1 << 20) is not None
    assert shifted_rounding(multiplier, -24, 100, 1 << 24) is None

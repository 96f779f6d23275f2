"""TRANSPOSE_CONV of int8 by phases: which layers are computed so, and every byte of theirs."""

import numpy as np
import pytest
from bench.operators.batches import batches
from bench.operators.everyday import EVERYDAY
from bench.operators.packing import pack
from tests.support.emulated import check_on_board
from tests.support.host_run import check_on_host

from qmcu.builder import find_tool
from qmcu.compile import CompileOptions, compile_graph
from qmcu.model.graph import Graph, Operator, Quantization, Tensor

CORES = {
    "scalar": CompileOptions("native"),
    "dsp": CompileOptions("native", dsp=True, fpu=True),
    "mve": CompileOptions("native", dsp=True, fpu=True, mve=True),
}
SCALAR, KIND = CORES["scalar"], "TRANSPOSE_CONV"


def layer(
    *, kernel: int = 4, stride: int = 2, filters: int = 6, scale: float = 0.4,
    activation: str = "NONE", output: int = 8,
) -> Graph:  # fmt: skip
    """One layer of 5 channels to a square image."""
    size = -(-output // stride)
    rng = np.random.default_rng(2)
    weights = rng.integers(-127, 128, (filters, kernel, kernel, 5)).astype(np.int8)
    shape = np.array([1, output, output, filters], "<i4")
    tensors = (
        Tensor(0, "shape", (4,), "int32", data=shape.tobytes()),
        Tensor(1, "weights", weights.shape, "int8", Quantization((0.01,), (0,)), weights.tobytes()),
        Tensor(2, "in", (1, size, size, 5), "int8", Quantization((0.05,), (3,))),
        Tensor(3, "out", (1, output, output, filters), "int8", Quantization((scale,), (-9,))),
    )
    options: dict[str, int | str] = {
        "padding": "SAME", "stride_h": stride, "stride_w": stride,
        "fused_activation_function": activation,
    }  # fmt: skip
    return Graph("layer", tensors, (Operator(0, KIND, (0, 1, 2), (3,), options),), (2,), (3,))


def kernel_of(graph: Graph, core: str) -> str:
    (call,) = compile_graph(graph, CORES[core]).calls
    return call.kernel


@pytest.mark.parametrize(
    ("core", "kernel"),
    [
        ("scalar", "transpose_conv_parts_scalar"),
        ("dsp", "transpose_conv_four_dsp"),
        ("mve", "transpose_conv_pairs_mve"),
    ],
)
def test_layers_are_convolutions_by_phases(core: str, kernel: str) -> None:
    assert kernel_of(layer(), core) == kernel
    assert kernel_of(layer(activation="RELU"), core) == kernel
    assert kernel_of(layer(kernel=3, stride=1), core) == kernel


def test_a_steep_multiplier_has_its_own_form() -> None:
    assert kernel_of(layer(scale=5e-4), "dsp") == "transpose_conv_any_dsp"


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("other", [layer(kernel=2, stride=3), layer(kernel=4, stride=4, output=3)])
def test_phases_without_taps_or_outputs_are_left_to_the_other_kernel(
    core: str, other: Graph
) -> None:
    assert kernel_of(other, core) == f"transpose_conv_{core}"


def test_few_filters_are_left_to_the_other_kernel() -> None:
    assert kernel_of(layer(filters=1), "mve") == "transpose_conv_mve"
    assert kernel_of(layer(filters=3), "scalar") == "transpose_conv_scalar"


def test_weights_that_cannot_be_packed_are_left_to_the_other_kernel() -> None:
    graph = layer()
    tensors = list(graph.tensors)
    weights = np.full(tensors[1].shape, -128, np.int8)
    tensors[1] = Tensor(
        1, "weights", weights.shape, "int8", tensors[1].quantization, weights.tobytes()
    )
    full = Graph("full", tuple(tensors), graph.operators, graph.inputs, graph.outputs)
    assert kernel_of(full, "scalar") == "transpose_conv_scalar"


def test_every_byte_is_the_interpreters() -> None:
    """Windows of several rows at a time, and rows that no window reads: under the sanitizers."""
    rng = np.random.default_rng(5)
    some = [EVERYDAY[KIND](rng) for _ in range(40)]
    own = [g for g in some if kernel_of(g, "scalar").endswith("parts_scalar")]
    assert len(own) >= 15
    check_on_host(
        pack([*own, layer(output=23), layer(kernel=3, stride=1, output=40)]), options=SCALAR
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("board", "target"),
    [("stm32f407", "unicorn"), ("mps3-an547", "qemu"), ("rpi-pico", "unicorn")],
)
@pytest.mark.skipif(find_tool("qemu-system-arm") is None, reason="qemu-system-arm is missing")
def test_firmware_equals_the_interpreter(board: str, target: str) -> None:
    check_on_board(batches(KIND, 40, 8, EVERYDAY), board, target)

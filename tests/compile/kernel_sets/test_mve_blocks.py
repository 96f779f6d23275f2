"""Depthwise layers, 16 channels side by side: packing, which layers, every byte on a Cortex-M55."""

import numpy as np
import pytest
from bench.operators import chain
from bench.operators.batches import batches
from bench.operators.everyday import _windows

from qmcu.builder import find_tool
from qmcu.compile import CompileOptions, compile_graph
from qmcu.compile.kernel_sets import mve_blocks
from qmcu.compile.kernel_sets.mve_blocks import largest_pair, pack_blocks, pack_channels
from qmcu.compile.kernel_sets.mve_depthwise import layer_of
from qmcu.compile.lowering import OperatorContext
from qmcu.compile.operators.window import axis
from qmcu.compile.plan import KernelCall
from qmcu.model.graph import Graph

M55 = CompileOptions("native", dsp=True, fpu=True, mve=True)
BLOCKS = "depthwise_conv_2d_mve_blocks"


def depthwise(
    rng: np.random.Generator,
    depth: int,
    size: tuple[int, int],
    kernel: tuple[int, int],
    stride: int = 1,
    padding: str = "SAME",
) -> Graph:
    height, width = (axis(padding, n, k, stride).output for n, k in zip(size, kernel, strict=True))
    image, result, strides = (depth, size), (depth, (height, width)), (stride, stride)
    return _windows(rng, "DEPTHWISE_CONV_2D", image, result, kernel, strides, (1, 1), padding)


def few_taps(rng: np.random.Generator) -> Graph:
    """Windows of 2 to 5 taps in a row, small 3x3 ones at stride 2, blocks filled up or not."""
    depth = int(rng.choice([12, 15, 16, 16, 31, 32, 48]))
    padding = str(rng.choice(["SAME", "VALID"]))
    if rng.random() < 0.4:
        side = int(rng.integers(3, 9))
        return depthwise(rng, depth, (side, side + 1), (3, 3), 2, padding)
    taps, length = int(rng.integers(2, 6)), int(rng.integers(6, 24))
    kernel, size = (1, taps), (1, length)
    if rng.random() < 0.5:
        kernel, size = (taps, 1), (length, 1)
    return depthwise(rng, depth, size, kernel, int(rng.integers(1, 3)), padding)


def call(graph: Graph) -> KernelCall:
    return compile_graph(graph, M55).calls[0]


def test_channels_lie_in_blocks_in_the_order_of_the_sums() -> None:
    packed = pack_blocks(np.arange(17 * 2, dtype=np.int8).reshape(17, 2))
    assert packed.shape == (2, 2, 16)
    assert packed[0, 1].tolist() == list(range(1, 32, 2))
    assert packed[1, :, :2].tolist() == [[32, 0], [33, 0]]
    graph = depthwise(np.random.default_rng(1), 16, (1, 20), (1, 3))
    layer = layer_of(OperatorContext(graph, graph.operators[0]))
    assert layer is not None
    channels = pack_channels(layer)
    assert channels.shape == (1, 3, 16)
    order = [0, 4, 8, 12, 2, 6, 10, 14, 1, 5, 9, 13, 3, 7, 11, 15]
    assert channels[0, 0].tolist() == layer.bias[order].tolist()
    assert channels[0, 2].tolist() == [layer.pairs[i][1] for i in order]


def test_two_products_fit_halfwords() -> None:
    assert largest_pair(np.array([[-128, 127, 9], [1, 2, 100]], np.int8)) == 255
    assert largest_pair(np.array([[1, 2, -128, -128]], np.int8)) == 256


def test_few_taps_and_small_images_take_blocks() -> None:
    rng = np.random.default_rng(2)
    assert call(depthwise(rng, 96, (1, 32), (1, 3))).kernel == BLOCKS
    assert call(depthwise(rng, 480, (3, 3), (3, 3))).kernel == BLOCKS
    # Saves less than its code is worth.
    assert call(depthwise(rng, 128, (6, 6), (3, 3), 2)).kernel == "depthwise_conv_2d_mve_3x3"
    assert call(depthwise(rng, 32, (24, 24), (3, 3))).kernel == "depthwise_conv_2d_mve_3x3"
    # Half of the lanes would have no channel.
    assert call(depthwise(rng, 8, (6, 6), (3, 3), 2)).kernel == "depthwise_conv_2d_mve_3x3"


def test_outputs_lie_over_inputs_whose_rows_were_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mve_blocks, "_PAID", 0)
    rng = np.random.default_rng(3)
    seen = set()
    for _ in range(4):
        for size, kernel, stride in (((1, 32), (1, 3), 1), ((6, 6), (3, 3), 2)):
            graph = depthwise(rng, 96, size, kernel, stride)
            found, alone = call(graph), graph.input_tensors[0].shape[0] == 1
            # Of two images in one the arena may be too large for this kernel's scratch.
            assert found.kernel == BLOCKS or not alone
            over = ((found.reads[0], found.writes[0]),) if alone else ()
            assert found.kernel != BLOCKS or found.may_overlay == over
            seen.add(alone)
    assert True in seen


@pytest.mark.slow
@pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None or find_tool("qemu-system-arm") is None,
    reason="arm-none-eabi-gcc or qemu-system-arm is not installed",
)
def test_blocks_equal_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mve_blocks, "_PAID", 0)
    kernels = []
    for batch in batches("DEPTHWISE_CONV_2D", 40, 4, {"DEPTHWISE_CONV_2D": few_taps}):
        outcome = chain.run(batch, "mps3-an547", "qemu", "native")
        assert outcome.problem == "" and all(outcome.equal)
        kernels += [name for name, _ in outcome.kernels]
    assert kernels.count(BLOCKS) >= 20

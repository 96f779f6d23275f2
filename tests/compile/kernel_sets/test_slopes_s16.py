"""Activations of int16 by slopes: which have them, and every byte of theirs."""

import numpy as np
import pytest
from bench.operators import GENERATORS
from bench.operators.batches import batches
from bench.operators.packing import pack
from tests.compile.kernel_sets.test_slower import CORES
from tests.support.emulated import check_on_board
from tests.support.host_run import check_on_host, run_on_host

from qmcu.builder import find_tool
from qmcu.compile import compile_graph
from qmcu.compile.requantize import requantize
from qmcu.compile.streams.cost import fields_of
from qmcu.model.graph import Graph, Operator, Quantization, Tensor

KINDS = ("LEAKY_RELU int16", "QUANTIZE int16", "RELU int16", "RELU6 int16")
# Slopes from next to nothing to the largest, and those of ties.
RATIOS = (1e-9, 3e-6, 0.01, 0.125, 0.3, 0.5, 1.0, 1.5, 1.9999, 3.7, 100.0, 16383.0)
EVERY = np.arange(-(1 << 15), 1 << 15)


def layer(ratio: float, alpha: float) -> Graph:
    """LEAKY_RELU of every int16 whose scales have a ratio."""
    tensors = (
        Tensor(0, "in", EVERY.shape, "int16", Quantization((0.5,), (0,))),
        Tensor(1, "out", EVERY.shape, "int16", Quantization((0.5 / ratio,), (0,))),
    )
    operator = Operator(0, "LEAKY_RELU", (0,), (1,), {"alpha": alpha})
    return Graph("layer", tensors, (operator,), (0,), (1,))


@pytest.mark.parametrize("core", CORES)
def test_a_negative_slope_is_left_to_plain_c(core: str) -> None:
    kernels = [compile_graph(layer(1.0, a), CORES[core]).calls[0].kernel for a in (0.1, -0.1)]
    assert kernels == [f"slopes_s16_{core}", "leaky_relu_s16"]


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("alpha", [0.25, 0.01])
def test_every_value_is_rounded_as_the_interpreter_does(ratio: float, alpha: float) -> None:
    """Twice: the product to its upper half, and that by the shift, ties away from zero."""
    graph = layer(ratio, alpha)
    ((found,),) = run_on_host(compile_graph(graph, CORES["scalar"]), [[EVERY.astype(np.int16)]])
    fields = fields_of(compile_graph(graph).calls[0])  # of plain C
    above, below = (
        requantize(EVERY, fields[f"{side}_multiplier"], fields[f"{side}_shift"])
        for side in ("positive", "negative")
    )
    expected = np.clip(np.where(EVERY < 0, below, above), EVERY[0], EVERY[-1])
    assert np.array_equal(np.frombuffer(found, "<i2"), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_random_layers_equal_the_interpreter_on_the_host(kind: str) -> None:
    graphs = [GENERATORS[kind](np.random.default_rng(seed)) for seed in range(25)]
    assert "slopes_s16_scalar" in check_on_host(pack(graphs), options=CORES["scalar"])


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("board", "target"),
    [("stm32f407", "unicorn"), ("mps3-an547", "qemu"), ("rpi-pico", "unicorn")],
)
@pytest.mark.skipif(find_tool("qemu-system-arm") is None, reason="qemu-system-arm is missing")
def test_firmware_equals_the_interpreter(kind: str, board: str, target: str) -> None:
    check_on_board(batches(kind, 40, 8, GENERATORS), board, target)

"""ADD, SUB, MUL, PRELU and SQUARED_DIFFERENCE with an input repeated along rows or columns, as
normalization and biases of channels have it: what takes them, and every byte."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from bench.operators import chain
from bench.operators.batches import batches
from bench.operators.single import SingleOperator, chance, float32, log_uniform, pick, zero_point
from tests.support.emulated import check_on_board

from qmcu.builder import find_tool
from qmcu.compile import CompileOptions, compile_graph
from qmcu.compile.kernel_sets.dsp.pairs import along
from qmcu.model.graph import Graph, OptionValue, Quantization

KINDS = ("ADD", "SUB", "MUL", "PRELU", "SQUARED_DIFFERENCE")
WITHOUT_OPTIONS = ("PRELU", "SQUARED_DIFFERENCE")
CORES = {
    "dsp": CompileOptions("native", dsp=True, fpu=True),
    "mve": CompileOptions("native", dsp=True, mve=True),
    "scalar": CompileOptions("native"),
}
Rng = np.random.Generator


def shapes(rng: Rng) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """A tensor's, and that of what is repeated along some of its dimensions."""
    shape = tuple(int(n) for n in rng.integers(1, (3, 5, 20, 20)))
    repeated = tuple(1 if chance(rng, 0.5) else n for n in shape)
    return shape, tuple(pick(rng, repeated, repeated, shape, repeated[-1:]))


def pair(rng: Rng, kind: str) -> Graph:
    """One operator; the wider scale on either side, either side constant, any zero points."""
    sizes = list(shapes(rng))
    if chance(rng, 0.5):
        sizes.reverse()
    scales = [log_uniform(rng, 1e-3, 1.0)]
    scales.append(
        scales[0] if chance(rng, 0.2) else float32(scales[0] * log_uniform(rng, 0.01, 99))
    )
    operator = SingleOperator(kind)
    fixed = int(pick(rng, -1, 0, 1))
    for side, size in enumerate(sizes):
        quantization = Quantization((scales[side],), (zero_point(rng),))
        if side == fixed:
            values = rng.integers(-128, 128, size).astype(np.int8)
            operator.constant("fixed", values, quantization)
        else:
            operator.input(size, quantization)
    scale = max(scales) * log_uniform(rng, 0.3, 30)
    if kind == "MUL":
        scale = scales[0] * scales[1] * log_uniform(rng, 0.3, 300)
    elif kind == "SQUARED_DIFFERENCE":
        scale = max(scales) ** 2 * log_uniform(rng, 1, 3000)
    elif kind == "PRELU":
        scale = scales[0] * max(1.0, 60 * scales[1]) * log_uniform(rng, 0.3, 30)
    options: dict[str, OptionValue] = {"fused_activation_function": "NONE"}
    if kind in ("ADD", "SUB"):
        options["pot_scale_int16"] = False
    target = Quantization((float32(scale),), (zero_point(rng),))
    result = tuple(np.broadcast_shapes(*sizes))
    return operator.graph((result, target), options={} if kind in WITHOUT_OPTIONS else options)


@pytest.mark.parametrize(
    ("shape", "first", "second", "chosen"),
    [
        # A value of each row is repeated along the last dimension, of each channel along the rows.
        ((1, 1, 1, 36, 32), (0, 0, 0, 32, 1), (0, 0, 0, 1, 0), 4),
        ((1, 1, 1, 36, 32), (0, 0, 0, 32, 1), (0, 0, 0, 0, 1), 3),
        ((1, 1, 1, 3, 32), (0, 0, 0, 32, 1), (0, 0, 0, 0, 1), 4),
        # A value of each group: rows go along the pixels, which are more than a group's channels.
        ((1, 1, 324, 4, 2), (0, 0, 8, 2, 1), (0, 0, 0, 1, 0), 2),
        # What is not repeated there does not lie as the output does.
        ((1, 1, 40, 5, 6), (0, 0, 6, 0, 1), (0, 0, 0, 6, 1), 4),
        ((1, 1, 1, 1, 99), (0, 0, 0, 0, 1), (0, 0, 0, 0, 1), 4),
    ],
)
def test_rows_go_along_the_longest_dimension_that_repeats_one(
    shape: tuple[int, ...], first: tuple[int, ...], second: tuple[int, ...], chosen: int
) -> None:
    turned = along({"shape": shape, "strides1": first, "strides2": second})
    assert turned["along"] == chosen
    for name, values in (("shape", shape), ("strides1", first), ("strides2", second)):
        own = turned[name]
        assert isinstance(own, tuple)
        assert own[4] == values[chosen] and own[chosen] == values[4]


def generators(kind: str) -> dict[str, Callable[[Rng], Graph]]:
    return {kind: partial(pair, kind=kind)}


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("kind", KINDS)
def test_none_falls_to_plain_c(kind: str, core: str) -> None:
    rng = np.random.default_rng(1)
    for _ in range(60):
        call = compile_graph(pair(rng, kind), CORES[core]).calls[-1]
        assert call.kernel.endswith(f"_{core}") and call.slower == "", call


needs_compiler = pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)


@pytest.mark.parametrize("kind", KINDS)
@needs_compiler
def test_every_byte_on_a_cortex_m4_is_the_interpreters(kind: str) -> None:
    kernels = set()
    for batch in batches(kind, 60, 2, generators(kind)):
        outcome = chain.run(batch, "stm32f407", "unicorn", "native")
        assert outcome.problem == ""
        assert all(outcome.equal)
        kernels |= {name for name, _ in outcome.kernels}
    own = {"ADD": "add_any", "SUB": "add_any"}.get(kind, kind.lower())
    assert f"{own}_dsp" in kernels


def untrained_slopes(exponent: int) -> Graph:
    """PRELU whose slopes are next to nothing, as they are before training."""
    rng = np.random.default_rng(exponent)
    operator = SingleOperator("PRELU")
    operator.input((2, 5, 7), Quantization((0.1,), (-20,)))
    values = rng.integers(-128, 128, (1, 1, 7)).astype(np.int8)
    operator.constant("alpha", values, Quantization((2.0**-exponent,), (0,)))
    return operator.graph(((2, 5, 7), Quantization((0.1,), (-128,))))


@needs_compiler
def test_slopes_of_nothing_have_a_kernel_and_every_byte() -> None:
    graphs = [untrained_slopes(exponent) for exponent in (12, 15, 17, 18, 19, 24, 27, 30, 40)]
    for core, options in CORES.items():
        kernels = {compile_graph(graph, options).calls[0].kernel for graph in graphs}
        assert kernels == {f"prelu_{core}"}
    some = iter(graphs)
    for batch in batches("PRELU", len(graphs), 0, {"PRELU": lambda _: next(some)}):
        assert all(chain.run(batch, "stm32f407", "unicorn", "native").equal)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("board", "emulator"),
    [("rpi-pico", "unicorn"), ("mps2-an385", "qemu"), ("mps3-an547", "qemu")],
)
@needs_compiler
def test_firmware_equals_the_interpreter(kind: str, board: str, emulator: str) -> None:
    check_on_board(batches(kind, 40, 3, generators(kind)), board, emulator)

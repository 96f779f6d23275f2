"""SOFTMAX by a table of exp: what is in it, where it is taken, and every byte."""

from dataclasses import replace

import numpy as np
import pytest
from bench.operators import GENERATORS
from bench.operators.everyday import softmax
from bench.operators.packing import pack
from tests.support.host_run import check_on_host, run_on_host

from qmcu.compile import CompileOptions, compile_graph
from qmcu.compile.kernel_sets.softmax import exponentials
from qmcu.compile.operators.softmax import difference_scaling
from qmcu.compile.plan import ConstantArgument, KernelCall
from qmcu.compile.requantize import quantize_multiplier, requantize
from qmcu.model.graph import Graph, Quantization, Tensor

CORES = {
    "dsp": CompileOptions("native", dsp=True, fpu=True),
    "mve": CompileOptions("native", dsp=True, mve=True),
    "scalar": CompileOptions("native"),
}


def rows(count: int, depth: int, scale: float) -> Graph:
    """SOFTMAX of `count` rows."""
    graph = softmax(np.random.default_rng(1))
    source, target = graph.tensors
    tensors: tuple[Tensor, ...] = (
        replace(source, shape=(count, depth), quantization=Quantization((scale,), (3,))),
        replace(target, shape=(count, depth)),
    )
    return replace(graph, tensors=tensors)


def call_of(graph: Graph, core: str, optimize: str = "balanced") -> KernelCall:
    return compile_graph(graph, replace(CORES[core], optimize=optimize)).calls[0]


def entries(scale: float) -> list[int]:
    return list(exponentials(*difference_scaling(scale * 2**26)))


@pytest.mark.parametrize("scale", [0.004, 0.03, 0.1, 1.0])
def test_entries_are_exp_until_it_is_less_than_a_millionth(scale: float) -> None:
    found = np.array(entries(scale))
    exact = np.exp(-scale * np.arange(256))
    assert np.abs(found / 2**31 - exact[: len(found)]).max() < 1e-6
    assert found[0] == (1 << 31) - 1
    # All that counts, and nothing else.
    assert abs(len(found) - np.sum(exact > 2.0**-20)) <= 1
    assert (found >= 1 << 11).all()


def test_a_table_is_taken_where_it_pays_its_flash() -> None:
    few, many = rows(1, 10, 0.1), rows(72, 36, 0.1)
    for core in CORES:
        assert call_of(few, core).kernel == f"softmax_{core}"
        # By default a table does not outweigh what is there beside it.
        assert call_of(many, core).kernel == f"softmax_{core}"
        call = call_of(many, core, "ram")
        assert call.kernel == f"softmax_table_{core}"
        size = 4 * len(entries(0.1))
        assert call.constant_size == size and f"{size:,} bytes more flash" in call.trade
        assert call.may_overlay == ((0, 1),)
        assert call_of(many, core, "size").kernel == f"softmax_{core}"
        assert call_of(few, core, "speed").kernel == f"softmax_table_{core}"
        assert call_of(many, core, "ram").kernel == f"softmax_table_{core}"


def test_layers_of_one_scale_share_a_table() -> None:
    def table(graph: Graph) -> bytes:
        argument = call_of(graph, "dsp", "speed").arguments[2]
        assert isinstance(argument, ConstantArgument) and argument.constant is not None
        return argument.constant.data

    assert table(rows(72, 36, 0.1)) == table(rows(50, 60, 0.1)) != table(rows(72, 36, 0.11))


@pytest.mark.parametrize("kind", ["SOFTMAX", "SOFTMAX int8>int16"])
def test_its_bytes_are_the_interpreters(kind: str) -> None:
    """Also that nothing behind the table is read."""
    rng = np.random.default_rng(4)
    speed = replace(CORES["scalar"], optimize="speed")
    kernels = check_on_host(pack([GENERATORS[kind](rng) for _ in range(8)]), options=speed)
    assert all(kernel.startswith("softmax_table") for kernel in kernels)


def test_rows_of_many_equal_inputs_are_nothing() -> None:
    """Above 512 of them every probability rounds to 0, where the interpreter stops: as plain C."""
    for depth in (511, 513, 4095):
        inputs = [[np.full((1, depth), 7, np.int8)]]
        speed = replace(CORES["scalar"], optimize="speed")
        plans = [compile_graph(rows(1, depth, 0.1), o) for o in (speed, CompileOptions())]
        assert plans[0].calls[0].kernel == "softmax_table_scalar"
        found, wanted = (run_on_host(plan, inputs) for plan in plans)
        assert found == wanted
        assert set(found[0][0]) == {0x81 if depth < 512 else 0x80}


@pytest.mark.parametrize("real", [1e-4, 0.013, 0.49, 0.5, 0.77, 1.0, 3.3, 900.0, 32767.0])
def test_both_roundings_of_a_difference_of_int16_are_one(real: float) -> None:
    """A difference to the largest value is never positive: every size that there is."""
    multiplier, shift = quantize_multiplier(real)
    left, right = max(shift, 0), max(-shift, 0)
    sizes = np.arange(1 << 16, dtype=np.int64)
    high = (sizes << left) * (2 * multiplier) + 0x7FFFFFFE >> 32
    found = high + (1 << right >> 1) >> right
    assert np.array_equal(-found, requantize(-sizes, multiplier, shift))

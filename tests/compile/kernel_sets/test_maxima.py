"""REDUCE_MAX as a maximum pool or by rows: what it takes, and every byte of it."""

import numpy as np
import pytest
from bench.operators import GENERATORS, chain
from bench.operators.batches import batches
from tests.support.host_run import check_on_host

from qmcu.builder import find_tool
from qmcu.compile import CompileOptions, compile_graph
from qmcu.model.graph import Graph, Operator, Quantization, Tensor

CORES = {
    "dsp": CompileOptions("native", dsp=True, fpu=True),
    "mve": CompileOptions("native", dsp=True, fpu=True, mve=True),
    "scalar": CompileOptions("native"),
}


def reduce_max(shape: tuple[int, ...], axes: tuple[int, ...], kind: str = "REDUCE_MAX") -> Graph:
    kept = tuple(size for i, size in enumerate(shape) if i not in axes)
    same, values = Quantization((0.1,), (3,)), np.array(axes, "<i4")
    tensors = (
        Tensor(0, "in", shape, "int8", same),
        Tensor(1, "axes", values.shape, "int32", None, values.tobytes()),
        Tensor(2, "out", kept, "int8", same),
    )
    operator = Operator(0, kind, (0, 1), (2,), {"keep_dims": False})
    return Graph("largest", tensors, (operator,), (0,), (2,))


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize(
    ("shape", "axes"),
    [((1, 5, 3, 16), (1, 2)), ((2, 7, 3, 5), (1,)), ((6, 2, 9), (0,)), ((2, 1, 3, 4, 8), (2, 1))],
)
def test_dimensions_beside_each_other_are_a_window(
    shape: tuple[int, ...], axes: tuple[int, ...], core: str
) -> None:
    graph = reduce_max(shape, axes)
    assert compile_graph(graph, CORES[core]).calls[0].kernel == f"max_pool_2d_{core}"
    if core == "scalar":  # the others have instructions that this computer lacks
        check_on_host(graph, count=4, options=CORES[core])


@pytest.mark.parametrize(
    ("shape", "axes"), [((3, 4, 5, 6), (0, 2)), ((3, 4, 5), (0, 2)), ((9, 3), (0,))]
)
def test_others_are_walked(shape: tuple[int, ...], axes: tuple[int, ...]) -> None:
    """Dimensions apart, or few values behind them."""
    graph = reduce_max(shape, axes)
    assert compile_graph(graph, CORES["dsp"]).calls[0].kernel == "reduce_max"


@pytest.mark.parametrize("kind", ["REDUCE_MAX", "REDUCE_MIN"])
def test_the_last_dimensions_are_rows(kind: str) -> None:
    some: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
        ((3, 8), (1,)),
        ((2, 5, 3, 7), (2, 3)),
        ((4, 9, 1), (1,)),
        ((33,), (0,)),
    )
    for core in ("dsp", "mve"):
        graphs = [reduce_max(shape, axes, kind) for shape, axes in some]
        kernels = {compile_graph(graph, CORES[core]).calls[0].kernel for graph in graphs}
        assert kernels == {f"{kind.lower()}_rows_{core}"}
    graph = reduce_max((3, 8), (1,), kind)
    assert compile_graph(graph, CORES["scalar"]).calls[0].kernel == kind.lower()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["REDUCE_MAX", "REDUCE_MIN"])
@pytest.mark.parametrize(("board", "target"), [("stm32f407", "unicorn"), ("mps3-an547", "qemu")])
@pytest.mark.skipif(find_tool("qemu-system-arm") is None, reason="qemu-system-arm is missing")
def test_rows_equal_the_interpreter(kind: str, board: str, target: str) -> None:
    kernels: set[str] = set()
    for batch in batches(kind, 40, 3, GENERATORS):
        outcome = chain.run(batch, board, target, "native")
        assert outcome.problem == ""
        assert all(outcome.equal)
        kernels |= {name for name, _ in outcome.kernels}
    assert any("_rows_" in name for name in kernels)

"""REDUCE_MAX as a maximum pool: what it takes, and every byte of it."""

import numpy as np
import pytest
from tests.support.host_run import check_on_host

from qmcu.compile import CompileOptions, compile_graph
from qmcu.model.graph import Graph, Operator, Quantization, Tensor

CORES = {
    "dsp": CompileOptions("native", dsp=True, fpu=True),
    "mve": CompileOptions("native", dsp=True, fpu=True, mve=True),
    "scalar": CompileOptions("native"),
}


def reduce_max(shape: tuple[int, ...], axes: tuple[int, ...]) -> Graph:
    kept = tuple(size for i, size in enumerate(shape) if i not in axes)
    same, values = Quantization((0.1,), (3,)), np.array(axes, "<i4")
    tensors = (
        Tensor(0, "in", shape, "int8", same),
        Tensor(1, "axes", values.shape, "int32", None, values.tobytes()),
        Tensor(2, "out", kept, "int8", same),
    )
    operator = Operator(0, "REDUCE_MAX", (0, 1), (2,), {"keep_dims": False})
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
    ("shape", "axes"), [((3, 4, 5, 6), (0, 2)), ((3, 8), (1,)), ((9, 3), (0,))]
)
def test_others_are_walked(shape: tuple[int, ...], axes: tuple[int, ...]) -> None:
    """Dimensions apart, the last ones, or few values behind them."""
    graph = reduce_max(shape, axes)
    assert compile_graph(graph, CORES["dsp"]).calls[0].kernel == "reduce_max"

"""Walks over rows have as many dimensions as the layer of an image that needs most."""

import re
from dataclasses import replace

import pytest
from tests.support.host_run import check_on_host

from qmcu.codegen.project import library_sources
from qmcu.compile import CompileOptions, FormChoice, compile_graph
from qmcu.compile.compiler import alternatives
from qmcu.model.graph import Graph, Operator, OptionValue, Quantization, Tensor

OPTIONS: dict[str, OptionValue] = {
    "fused_activation_function": "NONE",
    "pot_scale_int16": False,
}
ONE = "#define QMCU_WALK_RANK 1\n"


def sums(*seconds: tuple[int, ...], dtype: str = "int8") -> Graph:
    """A chain of ADDs to an image of 2x3x4; the shapes of what is added each time."""
    image = (1, 2, 3, 4)
    tensors = [Tensor(0, "in", image, dtype, Quantization((0.1,), (0,)))]
    operators = []
    for step, shape in enumerate(seconds):
        at = len(tensors)
        tensors.append(Tensor(at, f"b{step}", shape, dtype, Quantization((0.07,), (0,))))
        tensors.append(Tensor(at + 1, f"s{step}", image, dtype, Quantization((0.12,), (0,))))
        operators.append(Operator(step, "ADD", (max(at - 1, 0), at), (at + 1,), OPTIONS))
    inputs = (0, *(t.index for t in tensors[1::2]))
    return Graph("sums", tuple(tensors), tuple(operators), inputs, (len(tensors) - 1,))


@pytest.mark.parametrize("dtype", ["int8", "int16"])
@pytest.mark.parametrize("options", [CompileOptions(), CompileOptions("native")])
def test_sums_of_one_shape_walk_along_one_dimension(dtype: str, options: CompileOptions) -> None:
    sources = library_sources(compile_graph(sums((1, 2, 3, 4), dtype=dtype), options))
    assert ONE in sources["src/kernels/walk.h"]
    assert ".shape = {24}," in sources["src/model.c"]
    assert ".strides1 = {1}," in sources["src/model.c"]


@pytest.mark.parametrize("kind", ["ADD", "MUL", "SQUARED_DIFFERENCE"])
def test_rows_go_along_a_dimension_that_the_walk_has(kind: str) -> None:
    """Else strides would be written behind those that there are, into the caller's registers."""
    plain = sums((1, 2, 3, 4))
    operators = tuple(replace(operator, kind=kind) for operator in plain.operators)
    options = CompileOptions("native", dsp=True)
    graph = replace(plain, operators=operators)
    forms = [FormChoice(0, name) for name in alternatives(graph, options).layers[0].forms]
    plans = [compile_graph(graph, replace(options, forms=(form,))) for form in forms]
    texts = [library_sources(plan)["src/model.c"] for plan in plans]
    found = [int(text) for text in re.findall(r"\.along = (\d+)", "".join(texts))]
    assert found and set(found) == {0}


def test_walks_have_as_many_dimensions_as_the_layer_with_the_most() -> None:
    for seconds, rank in (
        (((1, 1, 1, 4),), 2),
        (((1, 2, 3, 4), (1, 1, 1, 4)), 2),
        (((1, 1, 3, 1), (1, 1, 1, 4)), 3),
    ):
        sources = library_sources(compile_graph(sums(*seconds), CompileOptions()))
        assert f"#define QMCU_WALK_RANK {rank}\n" in sources["src/kernels/walk.h"]
        last = ".shape = {6, 4}," if rank == 2 else ".shape = {1, 6, 4},"
        assert last in sources["src/model.c"]
    # Other walks than those of two inputs have two dimensions at least.
    wide = sums((1, 2, 3, 4))
    pad = replace(wide, operators=(*wide.operators, *_padded(wide)), outputs=(5,))
    tensors = (
        *wide.tensors[:3],
        Tensor(3, "none", (0,), "int32", Quantization((1.0,), (0,))),
        Tensor(4, "by", (4, 2), "int32", None, bytes(4 * 7) + (1).to_bytes(4, "little")),
        Tensor(5, "out", (1, 2, 3, 5), "int8", wide.tensors[2].quantization),
    )
    padded = replace(pad, tensors=tensors)
    sources = library_sources(compile_graph(padded, CompileOptions()))
    assert ONE not in sources["src/kernels/walk.h"]
    check_on_host(padded, count=2)


def _padded(graph: Graph) -> tuple[Operator, ...]:
    return (Operator(len(graph.operators), "PAD", (2, 4), (5,), {}),)


@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_sums_of_one_dimension_and_of_more_equal_the_interpreter(dtype: str) -> None:
    check_on_host(sums((1, 2, 3, 4), (1, 2, 3, 4), dtype=dtype), count=3)
    check_on_host(sums((1, 2, 3, 4), (1, 1, 1, 4), dtype=dtype), count=3)
    check_on_host(sums((1, 2, 1, 4), dtype=dtype), count=3)

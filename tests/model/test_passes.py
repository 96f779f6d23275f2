"""What is computed before the device runs: the bytes stay those of the interpreter."""

from dataclasses import replace

import numpy as np
from tests.support.small_models import activation, dense

from qmcu.compile import compile_graph, unsupported
from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.passes import simplify
from qmcu.model.writer import write_model


def constant(index: int, values: object) -> Tensor:
    array = np.array(values, "<i4")
    return Tensor(index, f"c{index}", array.shape, "int32", None, array.tobytes())


def whole(index: int, shape: tuple[int, ...]) -> Tensor:
    return Tensor(index, f"i{index}", shape, "int32")


SLICE = {
    "begin_mask": 0, "end_mask": 0, "ellipsis_mask": 0, "new_axis_mask": 0,
    "shrink_axis_mask": 1, "offset": False,
}  # fmt: skip


def flatten(last: int = 6) -> Graph:
    """What the converter makes of a Flatten: SHAPE, STRIDED_SLICE, PACK, RESHAPE."""
    tensors = (
        activation(0, "in", (1, 2, 3)), whole(1, (3,)), constant(2, [0]), constant(3, [1]),
        whole(4, ()), constant(5, last), whole(6, (2,)), activation(7, "out", (1, 6)),
    )  # fmt: skip
    operators = (
        Operator(0, "SHAPE", (0,), (1,), {"out_type": "INT32"}),
        Operator(1, "STRIDED_SLICE", (1, 2, 3, 3), (4,), SLICE),
        Operator(2, "PACK", (4, 5), (6,), {"values_count": 2, "axis": 0}),
        Operator(3, "RESHAPE", (0, 6), (7,)),
    )
    return Graph("flatten", tensors, operators, (0,), (7,))


def test_shapes_are_computed() -> None:
    simple = simplify(flatten())
    assert [(op.index, op.kind) for op in simple.operators] == [(3, "RESHAPE")]
    assert simple.tensors[6].array.tolist() == [1, 6]
    assert unsupported(flatten()) == []
    assert len(compile_graph(flatten()).calls) == 1
    x = np.arange(6, dtype=np.int8).reshape(1, 2, 3)
    assert np.array_equal(
        Oracle(write_model(flatten())).run([x])[0], Oracle(write_model(simple)).run([x])[0]
    )


def test_a_graph_with_nothing_to_do_is_itself() -> None:
    graph = dense()
    assert simplify(graph) is graph


def test_an_open_shape_follows_from_a_constant_one() -> None:
    """The converter writes [1, 1] for a shape that it does not know."""
    graph = flatten()
    tensors = list(graph.tensors)
    tensors[7] = replace(tensors[7], shape=(1, 1))
    tensors.append(activation(8, "relu", (1, 6)))
    last = Operator(4, "RELU", (7,), (8,))
    open_graph = replace(
        graph, tensors=tuple(tensors), operators=(*graph.operators, last), outputs=(8,)
    )
    assert simplify(open_graph).tensors[7].shape == (1, 6)
    assert unsupported(open_graph) == []


def test_what_nobody_reads_is_dropped() -> None:
    graph = dense()
    tensors = (*graph.tensors, activation(4, "unread", (1, 4)))
    unread = Operator(1, "NO_SUCH_OPERATOR", (3,), (4,))
    bigger = replace(graph, tensors=tensors, operators=(*graph.operators, unread))
    assert simplify(bigger).operators == graph.operators
    assert unsupported(bigger) == []


def requantized(target: Quantization) -> Graph:
    tensors = (
        activation(0, "in", (1, 6)), activation(1, "relu", (1, 6)),
        Tensor(2, "real", (1, 6), "float32"), Tensor(3, "out", (1, 6), "int8", target),
    )  # fmt: skip
    operators = (
        Operator(0, "RELU", (0,), (1,)),
        Operator(1, "DEQUANTIZE", (1,), (2,)),
        Operator(2, "QUANTIZE", (2,), (3,)),
    )
    return Graph("pair", tensors, operators, (0,), (3,))


def test_a_pair_that_cancels_is_a_name_and_another_stays() -> None:
    same = requantized(Quantization((0.5,), (3,)))
    assert [op.kind for op in simplify(same).operators] == ["RELU", "RESHAPE"]
    every = np.arange(-128, 128, dtype=np.int8)
    rows = np.resize(every, (43, 1, 6))
    before, after = Oracle(write_model(same)), Oracle(write_model(simplify(same)))
    assert np.array_equal(before.run_many([rows])[0], after.run_many([rows])[0])
    other = requantized(Quantization((0.5,), (4,)))
    assert simplify(other) is other


def branch(name: str, kind: str) -> Graph:
    tensors = (activation(0, "x", (1, 6)), activation(1, "y", (1, 6)))
    return Graph(name, tensors, (Operator(0, kind, (0,), (1,)),), (0,), (1,))


def test_a_constant_branch_is_taken() -> None:
    for chosen, kind in ((True, "RELU"), (False, "RELU6")):
        condition = Tensor(1, "if", (1,), "bool", None, bytes([chosen]))
        tensors = (activation(0, "in", (1, 6)), condition, activation(2, "out", (1, 6)))
        options = {"then_subgraph_index": 1, "else_subgraph_index": 2}
        graph = Graph(
            "branches", tensors, (Operator(0, "IF", (1, 0), (2,), options),), (0,), (2,),
            subgraphs=(branch("then", "RELU"), branch("else", "RELU6")),
        )  # fmt: skip
        simple = simplify(graph)
        assert [op.kind for op in simple.operators] == [kind]
        x = np.arange(-3, 3, dtype=np.int8).reshape(1, 6) * 20
        expected = Oracle(write_model(graph)).run([x])[0]
        assert np.array_equal(Oracle(write_model(simple)).run([x])[0], expected)


def test_a_variable_that_nothing_updates_is_its_first_value() -> None:
    tensors = (
        activation(0, "in", (1, 6)), replace(activation(1, "v", (1, 6)), is_variable=True),
        activation(2, "out", (1, 6)),
    )  # fmt: skip
    graph = Graph("v", tensors, (Operator(0, "MAXIMUM", (0, 1), (2,)),), (0,), (2,))
    x = np.arange(6, dtype=np.int8).reshape(1, 6)
    assert simplify(graph).tensors[1].array.tolist() == [[3] * 6]
    assert Oracle(write_model(graph)).run([x])[0].tolist() == [[3, 3, 3, 3, 4, 5]]


def test_an_activation_of_scale_0_is_a_problem_where_it_counts() -> None:
    graph = requantized(Quantization((0.5,), (3,)))
    tensors = list(graph.tensors)
    tensors[1] = replace(tensors[1], quantization=Quantization((0.0,), (0,)))
    problems = unsupported(replace(graph, tensors=tuple(tensors)))
    assert any("#0 RELU: the scale of" in problem for problem in problems)

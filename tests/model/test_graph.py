"""Graphs as values: what is made of one."""

from qmcu.model.graph import Graph, Operator, Tensor, without_unused


def test_tensors_that_nobody_names_go_and_the_others_keep_their_readers() -> None:
    tensors = tuple(Tensor(i, f"t{i}", (1,), "int8", None) for i in range(7))
    operator = Operator(0, "UNIDIRECTIONAL_SEQUENCE_LSTM", (1, -1, 3), (6,), intermediates=(5, -1))
    graph = without_unused(Graph("g", tensors, (operator,), (1,), (6,)))
    assert [t.name for t in graph.tensors] == ["t1", "t3", "t5", "t6"]
    assert [t.index for t in graph.tensors] == [0, 1, 2, 3]
    (moved,) = graph.operators
    assert (moved.inputs, moved.outputs, moved.intermediates) == ((0, -1, 1), (3,), (2, -1))
    assert (graph.inputs, graph.outputs) == ((0,), (3,))

"""CONCATENATION and SPLIT: equal to NumPy, and what is refused."""

from dataclasses import replace

import numpy as np
from bench.operators.packing import pack
from tests.compile.operators.changes import refusal, with_operand, with_options, with_output
from tests.compile.operators.graphs import graph, runs
from tests.compile.operators.host_kernel import run_plan
from tests.support.host_run import check_on_host

from qmcu.compile import compile_graph
from qmcu.model.graph import Graph, Operator, Quantization, Tensor

SAME = Quantization((0.5,), (3,))


def _joined(*shapes: tuple[int, ...], output: tuple[int, ...], axis: int = 0) -> Graph:
    tensors = [Tensor(i, f"t{i}", shape, "int8", SAME) for i, shape in enumerate(shapes)]
    count = len(shapes)
    tensors.append(Tensor(count, "joined", output, "int8", SAME))
    operator = Operator(0, "CONCATENATION", tuple(range(count)), (count,), {"axis": axis})
    return Graph("join", tuple(tensors), (operator,), tuple(range(count)), (count,))


def test_concatenation_equals_numpy() -> None:
    for model, operands, (output,) in runs("CONCATENATION", 60):
        axis = model.operators[0].options["axis"]
        assert isinstance(axis, int)
        assert (output == np.concatenate(operands, axis)).all()


def test_split_equals_numpy() -> None:
    for _, (axis, tensor), outputs in runs("SPLIT", 60):
        expected = np.split(tensor, len(outputs), axis.item())
        for output, part in zip(outputs, expected, strict=True):
            assert (output == part).all()


def test_rows_of_any_length_are_copied_whole_and_alone() -> None:
    """By bytes, by words of which the last lies over the one before, and by the library."""
    lengths = [*range(1, 21), 31, 32, 33, 47, 48, 49, 100]
    graphs = []
    for length in lengths:
        shapes = (3, length), (3, 5), (3, length)
        graphs.append(_joined(*shapes, output=(3, 2 * length + 5), axis=1))
    check_on_host(pack(graphs))


def test_concatenation_of_too_many_is_refused() -> None:
    assert "has 11 inputs, at most 10" in refusal(_joined(*[(1,)] * 11, output=(11,)))


def test_concatenation_of_shapes_that_do_not_fit_is_refused() -> None:
    assert "along axis 0, output" in refusal(_joined((2, 3), (2, 3), output=(5, 3)))
    assert "input 1 t1 int8[2x4] does not fit" in refusal(_joined((2, 3), (2, 4), output=(4, 3)))
    assert "axis 2 is outside" in refusal(_joined((2, 3), output=(2, 3), axis=2))


def test_concatenation_that_would_rescale_is_refused() -> None:
    model = _joined((2,), (2,), output=(4,))
    assert "they must be equal" in refusal(with_operand(model, 1, zero_point=4))
    assert "RELU, none is possible" in refusal(
        with_options(model, fused_activation_function="RELU")
    )


def test_concatenation_of_constants_only_is_computed_when_compiled() -> None:
    model = with_operand(_joined((2,), (1,), output=(3,)), 0, data=bytes([3, 250]))
    model = replace(with_operand(model, 1, data=b"\x07"), inputs=())
    (output,) = run_plan(compile_graph(model), [])
    assert output.tolist() == [3, -6, 7]


def test_split_is_refused() -> None:
    model = graph("SPLIT")
    outside = with_operand(model, 0, data=np.int32(9).tobytes(), shape=())
    assert "axis 9 is outside" in refusal(outside)
    assert "computed at run time" in refusal(with_operand(model, 0, data=None))
    assert "is needed" in refusal(with_output(model, shape=(99,)))

"""STRIDED_SLICE: equal to NumPy's slices, and what is refused."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from bench.operators.single import SingleOperator
from tests.compile.operators.changes import refusal, with_operand, with_options, with_output
from tests.compile.operators.graphs import graph, runs
from tests.compile.operators.host_kernel import run_plan

from qmcu.compile import compile_graph
from qmcu.model.graph import Graph, Quantization
from qmcu.model.oracle import Oracle
from qmcu.model.writer import write_model


def _sliced(model: Graph, operands: list[npt.NDArray[np.int8]]) -> npt.NDArray[np.int8]:
    options = model.operators[0].options
    masks = [options[f"{name}_mask"] for name in ("begin", "end", "shrink_axis")]
    tensor, *indices = operands
    parts: list[slice | int] = []
    for axis, (begin, end, stride) in enumerate(zip(*indices, strict=True)):
        begin_masked, end_masked, shrinks = (mask & 1 << axis for mask in masks)  # type: ignore[operator]
        first = None if begin_masked else int(begin)
        last = None if end_masked else int(end)
        parts.append((first or 0) if shrinks else slice(first, last, int(stride)))
    result: npt.NDArray[np.int8] = tensor[tuple(parts)]
    return result


def test_equals_numpy() -> None:
    for model, operands, (output,) in runs("STRIDED_SLICE", 150):
        expected = _sliced(model, operands)
        assert output.shape == expected.shape
        assert (output == expected).all()


@pytest.mark.parametrize("option", ["ellipsis_mask", "new_axis_mask"])
def test_masks_that_the_interpreter_ignores_are_refused(option: str) -> None:
    assert f"{option} is 1, 0 is needed" in refusal(
        with_options(graph("STRIDED_SLICE"), **{option: 1})
    )


def test_relative_ends_are_refused() -> None:
    assert "relative to begin" in refusal(with_options(graph("STRIDED_SLICE"), offset=True))


def _one_dimension(begin: int, end: int, stride: int, **options: int) -> Graph:
    model = with_operand(graph("STRIDED_SLICE"), 0, shape=(5,))
    for position, number in ((1, begin), (2, end), (3, stride)):
        model = with_operand(model, position, data=np.int32(number).tobytes(), shape=(1,))
    masks = {"begin_mask": 0, "end_mask": 0, "shrink_axis_mask": 0}
    return with_options(model, **masks | options)


def test_bad_indices_are_refused() -> None:
    assert "strides strides hold a zero" in refusal(_one_dimension(0, 3, 0))
    assert "a positive one is needed" in refusal(_one_dimension(4, 0, -1, shrink_axis_mask=1))
    assert "length 5 to its index 5" in refusal(_one_dimension(5, 6, 1, shrink_axis_mask=1))
    assert "length 5 to its index -6" in refusal(_one_dimension(-6, 6, 1, shrink_axis_mask=1))
    short = with_operand(_one_dimension(0, 1, 1), 1, data=b"", shape=(0,))
    assert "needs one number for each dimension" in refusal(short)


def test_empty_slices_and_other_shapes_are_refused() -> None:
    assert "(0,) is needed" in refusal(_one_dimension(3, 3, 1))
    model = with_output(_one_dimension(0, 3, 1), shape=(4,))
    assert "has shape (4,), (3,) is needed" in refusal(model)


def _cut(
    shape: tuple[int, ...], begin: list[int], end: list[int], strides: list[int], **options: int
) -> Graph:
    same = Quantization((0.5,), (0,))
    operator = SingleOperator("STRIDED_SLICE")
    operator.input(shape, same)
    for name, values in (("begin", begin), ("end", end), ("strides", strides)):
        operator.constant(name, np.array(values, np.int32))
    cut = np.empty(shape)[tuple(map(slice, begin, end, strides))]
    return operator.graph((cut.shape, same), options=options)


def test_five_dimensions_are_cut_forwards() -> None:
    same = Quantization((0.5,), (0,))
    operator = SingleOperator("STRIDED_SLICE")
    operator.input((2, 1, 3, 4, 2), same)
    for name, values in (("begin", [0] * 5), ("end", [9] * 5), ("strides", [1, 1, -1, 1, 1])):
        operator.constant(name, np.array(values, np.int32))
    options = {"begin_mask": 31, "end_mask": 31}
    backwards = operator.graph(((2, 1, 3, 4, 2), same), options=options)
    assert "strides hold a negative one" in refusal(backwards)


def test_more_dimensions_are_cut_where_neighbours_stay_together() -> None:
    shape = (2, 3, 1, 5, 2, 4)
    begin, end, strides = [0, 1, 0, 0, 0, 0], [2, 3, 1, 5, 2, 3], [1, 1, 1, 2, 1, 1]
    model = _cut(shape, begin, end, strides)
    values = np.random.default_rng(0).integers(-128, 128, shape).astype(np.int8)
    (output,) = run_plan(compile_graph(model), [values])
    assert (output == values[tuple(map(slice, begin, end, strides))]).all()
    # tflite-micro's takes four dimensions.
    (expected,) = Oracle(write_model(model)).run([values])
    assert (expected == output).all()
    everywhere = _cut((3,) * 6, [1] * 6, [3] * 6, [1] * 6)
    assert "so many dimensions that a walk has 6" in refusal(everywhere)
    assert "has 9 dimensions" in refusal(_cut((1,) * 9, [0] * 9, [1] * 9, [1] * 9))


def test_missing_strides_are_refused() -> None:
    model = graph("STRIDED_SLICE")
    (operator,) = model.operators
    short = replace(model, operators=(replace(operator, inputs=operator.inputs[:3]),))
    assert "has 3 inputs, 4 needed" in refusal(short)

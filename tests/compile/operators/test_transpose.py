"""TRANSPOSE: equal to NumPy, and what is refused."""

import numpy as np
import pytest
from bench.operators.single import SingleOperator
from tests.compile.operators.changes import refusal, with_operand, with_output
from tests.compile.operators.graphs import graph, runs
from tests.compile.operators.host_kernel import run_plan
from tests.support.host_run import run_on_host

from qmcu.compile import compile_graph
from qmcu.model.graph import Graph, Quantization
from qmcu.model.oracle import Oracle
from qmcu.model.writer import write_model


def test_equals_numpy() -> None:
    for _, (tensor, permutation), (output,) in runs("TRANSPOSE", 60):
        assert (output == tensor.transpose(permutation)).all()


def _of_shape(shape: tuple[int, ...], permutation: list[int]) -> Graph:
    model = with_operand(graph("TRANSPOSE"), 0, shape=shape)
    axes = np.array(permutation, np.int32)
    model = with_operand(model, 1, data=axes.tobytes(), shape=axes.shape)
    return with_output(model, shape=tuple(shape[axis] for axis in permutation))


@pytest.mark.parametrize(
    ("shape", "permutation"),
    [
        ((1, 2, 4, 2, 4, 3), [0, 1, 3, 2, 4, 5]),  # windows of a vision transformer
        ((1, 3, 2, 2, 5, 4), [0, 4, 1, 5, 2, 3]),  # depth to space
        ((2, 1, 3, 2, 1, 2, 3, 1), [7, 3, 5, 6, 0, 2, 1, 4]),
    ],
)
def test_more_dimensions_are_taken_where_neighbours_stay_together(
    shape: tuple[int, ...], permutation: list[int]
) -> None:
    model = _of_shape(shape, permutation)
    values = np.random.default_rng(0).integers(-128, 128, shape).astype(np.int8)
    (output,) = run_plan(compile_graph(model), [values])
    assert (output == values.transpose(permutation)).all()
    # tflite-micro's takes five dimensions.
    (expected,) = Oracle(write_model(model)).run([values])
    assert (expected == output).all()


def test_a_walk_of_six_dimensions_is_refused() -> None:
    model = _of_shape((2, 2, 2, 2, 2, 2), [5, 4, 3, 2, 1, 0])
    assert "so many dimensions that a walk has 6" in refusal(model)


@pytest.mark.parametrize("permutation", [[0, 0, 1], [0, 1, 3], [0, 1], [-1, 0, 1]])
def test_what_is_no_permutation_is_refused(permutation: list[int]) -> None:
    model = with_operand(graph("TRANSPOSE"), 0, shape=(1, 2, 3))
    data = np.array(permutation, np.int32)
    changed = with_operand(model, 1, data=data.tobytes(), shape=data.shape)
    assert "does not permute the dimensions" in refusal(changed)


def test_other_shapes_are_refused() -> None:
    model = graph("TRANSPOSE")
    assert "is needed" in refusal(with_output(model, shape=(99,)))
    assert "computed at run time" in refusal(with_operand(model, 1, data=None))


@pytest.mark.parametrize("dtype", ["int8", "int16"])
@pytest.mark.parametrize("few", [1, 2, 3, 4])
def test_rows_of_few_elements(few: int, dtype: str) -> None:
    """As channel shuffles have them: column by column where rows are short."""
    rng = np.random.default_rng(few)
    operator, same = SingleOperator("TRANSPOSE"), Quantization((0.1,), (0,))
    operator.input((3, few, 7), same, dtype)
    operator.constant("permutation", np.array([0, 2, 1], np.int32))
    model = operator.graph(((3, 7, few), same), version=2, dtype=dtype)
    values = rng.integers(-128, 128, (3, few, 7)).astype(dtype)
    ((output,),) = run_on_host(model, [[values]])
    assert output == np.ascontiguousarray(values.transpose(0, 2, 1)).tobytes()

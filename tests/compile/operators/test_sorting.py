"""TOPK_V2, BUCKETIZE and SIGN: equal to NumPy, and what is refused."""

import numpy as np
import pytest
from bench.operators.single import SingleOperator
from tests.compile.operators.changes import refusal, with_operand, with_options, with_output
from tests.compile.operators.graphs import graph, runs
from tests.compile.operators.host_kernel import run_plan

from qmcu.compile import compile_graph
from qmcu.compile.operators.documentation import form_name
from qmcu.model.oracle import Oracle
from qmcu.model.reader import parse_model
from qmcu.model.writer import write_model

_TYPES = ("int8", "int16", "int32", "int64", "uint8", "float32")


@pytest.mark.parametrize("dtype", _TYPES)
def test_the_largest_come_first_and_the_first_of_equal_ones(dtype: str) -> None:
    for _, (rows, count), (values, places) in runs(form_name("TOPK_V2", dtype), 15):
        taken = int(count.reshape(-1)[0])
        for row, found, where in zip(
            rows.reshape(-1, rows.shape[-1]),
            values.reshape(-1, taken),
            places.reshape(-1, taken),
            strict=True,
        ):
            order = sorted((-number, i) for i, number in enumerate(row.tolist()))[:taken]
            assert where.tolist() == [i for _, i in order] and (found == row[where]).all()


def test_boundaries_belong_to_what_is_above_them() -> None:
    operator = SingleOperator("BUCKETIZE")
    operator.input((5,), None, "float32")
    model = operator.graph(
        ((5,), None), options={"boundaries": (-1.0, 0.5, 0.5, 3.0)}, dtype="int32"
    )
    values = np.array([-2, -1, 0.5, 2.9, np.nan], np.float32)
    for data in (model, parse_model(write_model(model))):
        (found,) = run_plan(compile_graph(data), [values])
        assert found.tolist() == [0, 1, 3, 3, 4]
    assert Oracle(write_model(model)).run([values])[0].tolist() == [0, 1, 3, 3, 4]


def test_the_sign_of_no_number_is_0() -> None:
    operator = SingleOperator("SIGN")
    operator.input((5,), None, "float32")
    model = operator.graph(((5,), None), dtype="float32")
    values = np.array([-2, -0.0, np.nan, np.inf, 1e-45], np.float32)
    (found,) = run_plan(compile_graph(model), [values])
    assert found.tobytes() == np.array([-1, 0, 0, 1, 1], np.float32).tobytes()
    assert Oracle(write_model(model)).run([values])[0].tobytes() == found.tobytes()


def test_other_counts_boundaries_and_shapes_are_refused() -> None:
    for count in (0, -1, 1000, -(2**31)):
        data = np.array([count], np.int32).tobytes()
        assert "largest of rows of" in refusal(
            with_operand(graph("TOPK_V2"), 1, data=data, shape=(1,))
        )
    two = np.array([1, 1], np.int32).tobytes()
    assert "single number" in refusal(with_operand(graph("TOPK_V2"), 1, data=two, shape=(2,)))
    assert "has shape" in refusal(with_output(graph("TOPK_V2"), shape=(97, 3)))
    assert "type" in refusal(with_output(graph("TOPK_V2"), dtype="int32"))
    bucketize = graph("BUCKETIZE float32")
    for boundaries in ((2.0, 1.0), (float("nan"),), (0.0, float("nan"), 1.0)):
        assert "do not ascend" in refusal(with_options(bucketize, boundaries=boundaries))
    assert "no boundaries" in refusal(with_options(bucketize, boundaries=()))
    product = graph("REDUCE_PROD")
    assert "less than 2^7 is needed" in refusal(with_output(product, scale=1e-45))

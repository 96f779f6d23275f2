"""ARG_MAX whose answers are int64, in the int32 of tflite-micro."""

import numpy as np
import pytest

from qmcu.compile.support import unsupported
from qmcu.model.forms import settle
from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.reader import parse_model
from qmcu.model.writer import write_model

X = np.array([[3, 9, -7, 9], [5, 1, 0, -8]], np.int8)[np.newaxis]


def _graph(kind: str, *, cast: bool) -> Graph:
    tensors = [
        Tensor(0, "x", (1, 2, 4), "int8", Quantization((0.1,), (3,)), None),
        Tensor(1, "axis", (), "int32", None, np.array(-1, "<i4").tobytes()),
        Tensor(2, "places", (1, 2), "int64", None, None),
        Tensor(3, "short", (1, 2), "int32", None, None),
    ]
    operators = [Operator(0, kind, (0, 1), (2,), {"output_type": "INT64"}, 1)]
    if cast:
        types = {"in_data_type": "INT64", "out_data_type": "INT32"}
        operators.append(Operator(1, "CAST", (2,), (3,), dict(types), 1))
    return Graph("m", tuple(tensors), tuple(operators), (0,), (3 if cast else 2,))


@pytest.mark.parametrize("cast", [False, True])
@pytest.mark.parametrize(("kind", "expected"), [("ARG_MAX", [[1, 0]]), ("ARG_MIN", [[2, 3]])])
def test_places_are_int32_and_the_output_keeps_its_type(
    kind: str, expected: list[list[int]], cast: bool
) -> None:
    data = settle(write_model(_graph(kind, cast=cast)))
    graph = parse_model(data, "m")
    assert unsupported(graph) == []
    assert [op.kind for op in graph.operators] == [kind, "CAST"]
    assert graph.output_tensors[0].dtype == ("int32" if cast else "int64")
    assert Oracle(data).run([X])[0].tolist() == expected


@pytest.mark.parametrize(("kind", "expected"), [("ARG_MAX", [[1, 0]]), ("ARG_MIN", [[2, 3]])])
def test_a_finished_file_of_int64_places_compiles_and_has_bytes(
    kind: str, expected: list[list[int]]
) -> None:
    graph = _graph(kind, cast=False)
    assert unsupported(graph) == []
    oracle = Oracle(write_model(graph))
    (found,) = oracle.run([X])
    assert found.tolist() == expected and found.dtype == np.int64
    assert f"with other operators for #0 {kind}" in oracle.origin

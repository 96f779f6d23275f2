"""Ranges of results, where they would cut what other operators read."""

import pytest

from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.model.ranges import uncut

WIDE, LOW = (-4.0, 4.0), (-4.0, 0.0)


def _graph(*operators: tuple[str, tuple[int, ...], int], outputs: tuple[int, ...]) -> Graph:
    count = 1 + max(i for _, inputs, output in operators for i in (*inputs, output))
    tensors = tuple(Tensor(i, f"t{i}", (1, 4), "float32", None, None) for i in range(count))
    made = tuple(Operator(n, k, i, (o,), {}, 1) for n, (k, i, o) in enumerate(operators))
    return Graph("m", tensors, made, (0,), outputs)


def test_what_another_operator_reads_is_not_cut() -> None:
    graph = _graph(("MINIMUM", (0, 1), 2), ("RELU", (0,), 3), outputs=(2, 3))
    assert uncut(graph, {0: WIDE, 1: (0.0, 0.0), 2: LOW, 3: (0.0, 4.0)}) == {2: WIDE}


def test_a_limit_that_alone_reads_its_source_stays_fine() -> None:
    graph = _graph(("MINIMUM", (0, 1), 2), ("RELU", (2,), 3), outputs=(3,))
    assert uncut(graph, {0: WIDE, 1: (0.0, 0.0), 2: LOW, 3: (0.0, 0.0)}) == {}


def test_what_is_moved_on_is_as_wide_since_it_has_the_same_grid() -> None:
    graph = _graph(
        ("RESHAPE", (0,), 1), ("SLICE", (1,), 2), ("TANH", (0,), 3), ("TANH", (2,), 4),
        outputs=(3, 4),
    )  # fmt: skip
    unit = (-1.0, 1.0)
    ranges = {0: WIDE, 1: WIDE, 2: (0.0, 1.0), 3: unit, 4: unit}
    assert uncut(graph, ranges) == {2: WIDE}


@pytest.mark.parametrize(("kind", "expected"), [("AVERAGE_POOL_2D", {1: WIDE, 2: WIDE}),
                                                ("MAX_POOL_2D", {})])  # fmt: skip
def test_what_is_averaged_is_not_cut(kind: str, expected: dict[int, tuple[float, float]]) -> None:
    graph = _graph((kind, (0,), 1), ("CONCATENATION", (1, 1), 2), outputs=(2,))
    assert uncut(graph, {0: WIDE, 1: (-1.0, 1.0), 2: (-1.0, 1.0)}) == expected


def test_a_sum_on_one_grid_is_as_wide_as_its_result() -> None:
    graph = _graph(("SUM", (0, 1), 2), outputs=(2,))
    ranges = {0: (0.0, 1.0), 2: (0.5, 6.0)}
    assert uncut(graph, ranges) == {}
    assert uncut(graph, ranges, sums=True) == {0: (0.0, 6.0), 2: (0.0, 6.0)}

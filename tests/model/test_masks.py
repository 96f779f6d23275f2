"""Masks of attention, cut to what int8 can hold beside the scores."""

from collections.abc import Sequence

import numpy as np
import pytest

from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.model.masks import masks_of, with_cut_masks
from qmcu.types import Array

SHAPE = (1, 4, 4)
CAUSAL = np.triu(np.full(SHAPE[1:], -1e9, np.float32), 1)
PLAIN = {"fused_activation_function": "NONE"}
SCORES = {0: (-3.0, 5.0), 1: (0.0, 1.0)}


def _graph(
    constant: Array, operators: Sequence[tuple[str, tuple[int, ...], int]], gate: str = "float32"
) -> Graph:
    """Scores in 0, what says where in 1, the constant in 2; 3 and on are results."""
    results = max(output for _, _, output in operators)
    tensors = (
        Tensor(0, "scores", SHAPE, "float32", None, None),
        Tensor(1, "gate", SHAPE, gate, None, None),
        Tensor(2, "mask", constant.shape, "float32", None, constant.astype("<f4").tobytes()),
        *(Tensor(i, f"t{i}", SHAPE, "float32", None, None) for i in range(3, results + 1)),
    )
    made = tuple(
        Operator(i, kind, inputs, (output,), {"beta": 1.0} if kind == "SOFTMAX" else PLAIN, 1)
        for i, (kind, inputs, output) in enumerate(operators)
    )
    return Graph("m", tensors, made, (0, 1), (results,))


def _constants(graph: Graph) -> list[Array]:
    used = {i for op in graph.operators for i in op.inputs}
    return [t.array for t in graph.tensors if t.is_constant and t.index in used]


@pytest.mark.parametrize("value", [-1e9, -np.inf])
def test_an_added_mask_reaches_as_far_as_a_weight_of_nothing(value: float) -> None:
    mask = np.where(CAUSAL < 0, np.float32(value), np.float32(0))
    graph = _graph(mask, [("ADD", (0, 2), 3), ("SOFTMAX", (3,), 4)])
    (cut,) = _constants(with_cut_masks(graph, masks_of(graph), SCORES))
    assert (cut[CAUSAL == 0] == 0).all()
    # The worst masked entry beside the worst that stays: less than half of 1/256, together too.
    assert 4 * np.exp(5.0 + cut.min() + 3.0) <= 1 / 512 * 1.001
    assert cut.min() > -20


@pytest.mark.parametrize("inputs", [(1, 0, 2), (1, 2, 0)])
def test_a_number_put_in_place_of_scores(inputs: tuple[int, ...]) -> None:
    graph = _graph(
        np.array(-3.4e38, np.float32), [("SELECT_V2", inputs, 3), ("SOFTMAX", (3,), 4)], "bool"
    )
    (cut,) = _constants(with_cut_masks(graph, masks_of(graph), SCORES))
    assert -13 < cut < -3


def test_a_number_that_a_gate_multiplies() -> None:
    steps = [("MUL", (1, 2), 3), ("ADD", (0, 3), 4), ("SOFTMAX", (4,), 5)]
    graph = _graph(np.array(-1e9, np.float32), steps)
    (cut,) = _constants(with_cut_masks(graph, masks_of(graph), SCORES))
    assert -20 < cut < -8
    # A factor of something else is no mask.
    other = with_cut_masks(graph, masks_of(graph), SCORES | {1: (-2.0, 1.0)})
    assert other is graph


def test_a_bias_by_position_stays() -> None:
    bias = np.linspace(-9, 2, 16, dtype=np.float32).reshape(SHAPE[1:])
    graph = _graph(bias, [("ADD", (0, 2), 3), ("SOFTMAX", (3,), 4)])
    assert with_cut_masks(graph, masks_of(graph), SCORES) is graph
    far = _graph(CAUSAL, [("ADD", (0, 2), 3), ("RELU", (3,), 4)])
    assert masks_of(far) == []

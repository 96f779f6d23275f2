"""Small models with IF and WHILE."""

import numpy as np

from qmcu.model.graph import Graph, Operator, OptionValue, Quantization, Tensor

GRID = Quantization((0.5,), (-3,))
NONE: dict[str, OptionValue] = {"fused_activation_function": "NONE"}
SHAPE = (1, 6)


def _numbers(index: int, name: str) -> Tensor:
    return Tensor(index, name, SHAPE, "int8", GRID)


def choice() -> Graph:
    """IF `flag`: x + x and x; else RELU(x) and y. Both outputs are added after it."""
    tensors = (
        Tensor(0, "flag", (1,), "bool"),
        *(_numbers(i, name) for i, name in enumerate(("x", "y", "first", "second", "out"), 1)),
    )
    options: dict[str, OptionValue] = {"then_subgraph_index": 1, "else_subgraph_index": 2}
    operators = (
        Operator(0, "IF", (0, 1, 2), (3, 4), options),
        Operator(1, "ADD", (3, 4), (5,), NONE),
    )
    inside = tuple(_numbers(i, name) for i, name in enumerate(("a", "b", "c")))
    then = Graph("then", inside, (Operator(0, "ADD", (0, 0), (2,), NONE),), (0, 1), (2, 0))
    other = Graph("else", inside, (Operator(0, "RELU", (0,), (2,)),), (0, 1), (2, 1))
    return Graph("choice", tensors, operators, (0, 1, 2), (5, 3), subgraphs=(then, other))


def countdown(rounds: int = 5) -> Graph:
    """WHILE n < `rounds`: n + 1, y and x + y; what is left of all three."""
    tensors = (
        Tensor(0, "n", (1,), "int32"),
        *(_numbers(i, name) for i, name in enumerate(("x", "y"), 1)),
        Tensor(3, "n_end", (1,), "int32"),
        *(_numbers(i, name) for i, name in enumerate(("x_end", "y_end"), 4)),
    )
    options: dict[str, OptionValue] = {"cond_subgraph_index": 1, "body_subgraph_index": 2}
    operators = (Operator(0, "WHILE", (0, 1, 2), (3, 4, 5), options),)
    given = (Tensor(0, "i", (1,), "int32"), _numbers(1, "a"), _numbers(2, "b"))
    limit = Tensor(3, "limit", (1,), "int32", None, np.array([rounds], np.int32).tobytes())
    condition = Graph(
        "condition",
        (*given, limit, Tensor(4, "less", (1,), "bool")),
        (Operator(0, "LESS", (0, 3), (4,)),),
        (0, 1, 2),
        (4,),
    )
    one = Tensor(3, "one", (1,), "int32", None, np.array([1], np.int32).tobytes())
    more = (Tensor(4, "next", (1,), "int32"), _numbers(5, "sum"))
    body = Graph(
        "body",
        (*given, one, *more),
        (Operator(0, "ADD", (0, 3), (4,), NONE), Operator(1, "ADD", (1, 2), (5,), NONE)),
        (0, 1, 2),
        (4, 2, 5),
    )
    return Graph("countdown", tensors, operators, (0, 1, 2), (3, 4, 5), subgraphs=(condition, body))

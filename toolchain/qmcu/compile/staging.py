"""Operators that no kernel takes as they are become others that give the same bytes.

What is new stands beside the operator: an activation behind it, a copy of a constant before it.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from qmcu.compile.operators import walk
from qmcu.compile.operators.checks import IGNORED_ACTIVATIONS
from qmcu.model.graph import Graph, Operator, Tensor

# The interpreter adds activation tensors only, and joins so many parts with constants among them.
_MOST_PARTS = 10
_RECTIFIERS = ("RELU", "RELU6")
# Of two inputs that are repeated along each other's dimensions.
_BROADCASTING = frozenset(
    {
        "ADD", "ATAN2", "BITWISE_XOR", "DIV", "EQUAL", "FLOOR_DIV", "FLOOR_MOD", "GREATER",
        "GREATER_EQUAL", "LESS", "LESS_EQUAL", "LOGICAL_AND", "LOGICAL_OR", "MAXIMUM", "MINIMUM",
        "MUL", "NOT_EQUAL", "PRELU", "RIGHT_SHIFT", "SQUARED_DIFFERENCE", "SUB",
    }
)  # fmt: skip
# Of which the interpreter computes no other fused activation than the rectifiers.
_RECTIFIED = frozenset(
    {
        "ADD", "AVERAGE_POOL_2D", "CONV_2D", "DEPTHWISE_CONV_2D", "DIV", "FULLY_CONNECTED",
        "L2_POOL_2D", "MAX_POOL_2D", "MUL", "SUB", "TRANSPOSE_CONV",
    }
)  # fmt: skip


def stage(graph: Graph) -> Graph:
    """The same model of operators that have kernels; `graph` itself where all have."""
    staging = _Staging(graph)
    for operator in graph.operators:
        staging.add(operator)
    if len(staging.operators) == len(graph.operators) and all(
        a is b for a, b in zip(staging.operators, graph.operators, strict=True)
    ):
        return graph
    return replace(graph, tensors=tuple(staging.tensors), operators=tuple(staging.operators))


@dataclass
class _Staging:
    graph: Graph
    tensors: list[Tensor] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tensors = list(self.graph.tensors)
        self._number = max((o.index for o in self.graph.operators), default=-1)

    def add(self, operator: Operator) -> None:
        fused = operator.options.get("fused_activation_function")
        if operator.kind in _RECTIFIED and fused in IGNORED_ACTIVATIONS:
            options = dict(operator.options) | {"fused_activation_function": "NONE"}
            operator = replace(operator, options=options)
        if len(operator.outputs) != 1 or self.graph.operand(operator, 0) is None:
            # What it lacks is told by whoever lowers it.
            self.operators.append(operator)
        elif operator.kind in ("ADD_N", "PACK"):
            self._add_parts(operator)
        elif operator.kind in _BROADCASTING and len(operator.inputs) == 2:
            self._add_broadcast(operator)
        elif operator.kind == "RESHAPE" and not self._is_constant(operator, 1):
            # The output has its shape already.
            short = len(operator.inputs) == 1
            self.operators.append(
                operator if short else replace(operator, inputs=operator.inputs[:1])
            )
        elif operator.kind == "FULLY_CONNECTED" and not self._is_constant(operator, 1):
            self._add_product(operator)
        elif (
            operator.kind == "SVDF" and operator.options.get("fused_activation_function") == "TANH"
        ):
            self._add_apart(operator, "TANH")
        else:
            self.operators.append(operator)

    def _is_constant(self, operator: Operator, position: int) -> bool:
        tensor = self.graph.operand(operator, position)
        return tensor is not None and tensor.is_constant

    def _new(self, like: Tensor) -> int:
        self.tensors.append(replace(like, index=len(self.tensors), data=None, is_variable=False))
        return len(self.tensors) - 1

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _add_parts(self, operator: Operator) -> None:
        constant = [i for i in operator.inputs if i >= 0 and self.tensors[i].is_constant]
        few = operator.kind == "PACK" and len(operator.inputs) <= _MOST_PARTS
        if few or not constant or len(constant) == len(operator.inputs):
            self.operators.append(operator)
            return
        copies = {index: self._new(self.tensors[index]) for index in dict.fromkeys(constant)}
        for index, copy in copies.items():
            self.operators.append(Operator(self._next(), "RESHAPE", (index,), (copy,)))
        inputs = tuple(copies.get(i, i) for i in operator.inputs)
        self.operators.append(replace(operator, inputs=inputs))

    def _add_broadcast(self, operator: Operator) -> None:
        """With inputs that are repeated beforehand where the walk over both had too many turns."""
        inputs = [self.graph.operand(operator, i) for i in range(2)]
        output = self.tensors[operator.outputs[0]].shape
        if (
            any(tensor is None for tensor in inputs)
            or walk.turns(output, *(t.shape for t in inputs if t is not None)) <= walk.RANK
        ):
            self.operators.append(operator)
            return
        # The last dimensions become one, which both inputs have whole.
        kept = walk.RANK - 1
        self.operators.append(
            replace(
                operator,
                inputs=tuple(self._repeated(t, output, kept) for t in inputs if t is not None),
            )
        )

    def _repeated(self, tensor: Tensor, output: tuple[int, ...], kept: int) -> int:
        """A tensor of `output`'s rank and of its lengths along the dimensions from `kept` on."""
        shape = (1,) * (len(output) - len(tensor.shape)) + tensor.shape
        front, wanted = shape[:kept], output[kept:]
        rows = int(np.prod(front))
        flat = self._reshaped(tensor, (rows, *shape[kept:]))
        whole = self._new(replace(tensor, shape=(rows, *wanted)))
        lengths = np.array((rows, *wanted), np.int32)
        number = len(self.tensors)
        self.tensors.append(
            Tensor(number, f"{tensor.name} whole", lengths.shape, "int32", data=lengths.tobytes())
        )
        self.operators.append(Operator(self._next(), "BROADCAST_TO", (flat, number), (whole,)))
        return self._reshaped(self.tensors[whole], (*front, *wanted))

    def _reshaped(self, tensor: Tensor, shape: tuple[int, ...]) -> int:
        """The same bytes in another shape."""
        if tensor.is_constant:
            self.tensors.append(replace(tensor, index=len(self.tensors), shape=shape))
            return len(self.tensors) - 1
        result = self._new(replace(tensor, shape=shape))
        self.operators.append(Operator(self._next(), "RESHAPE", (tensor.index,), (result,)))
        return result

    def _add_product(self, operator: Operator) -> None:
        """Weights that are computed, without a bias: a matrix product."""
        options = operator.options
        activation = str(options.get("fused_activation_function", "NONE"))
        fits = activation in ("NONE", *_RECTIFIERS) and not any(i >= 0 for i in operator.inputs[2:])
        weights = self.graph.operand(operator, 1)
        dtypes = {self.tensors[operator.inputs[0]].dtype, "" if weights is None else weights.dtype}
        # Weights that are a single number are told when the operator is checked.
        if not fits or not (weights and weights.shape) or dtypes not in ({"int8"}, {"float32"}):
            self.operators.append(operator)
            return
        source, output = self.tensors[operator.inputs[0]], self.tensors[operator.outputs[0]]
        # Rows as long as the weights', whatever the dimensions of input and output are.
        depth, units = weights.shape[-1], weights.shape[0]
        given, made = source.index, output.index
        rows = source.elements // max(1, depth)
        row_by_row = source.shape[-1:] == (depth,) and output.shape == (*source.shape[:-1], units)
        if not row_by_row and (rows * depth, rows * units) == (source.elements, output.elements):
            given = self._reshaped(source, (rows, depth))
            if output.shape != (rows, units):
                made = self._new(replace(output, shape=(rows, units)))
        product = replace(
            operator, kind="BATCH_MATMUL", inputs=(given, operator.inputs[1]), outputs=(made,),
            options={"adj_x": False, "adj_y": True},
        )  # fmt: skip
        if activation == "NONE":
            self.operators.append(product)
        else:
            self._add_before(product, activation)
        if made != output.index:
            self.operators.append(Operator(self._next(), "RESHAPE", (made,), (output.index,)))

    def _add_apart(self, operator: Operator, activation: str) -> None:
        """The operator without its fused activation, and that."""
        options = dict(operator.options) | {"fused_activation_function": "NONE"}
        self._add_before(replace(operator, options=options), activation)

    def _add_before(self, operator: Operator, activation: str) -> None:
        (output,) = operator.outputs
        raw = self._new(self.tensors[output])
        self.operators.append(replace(operator, outputs=(raw,)))
        self.operators.append(Operator(self._next(), activation, (raw,), (output,)))

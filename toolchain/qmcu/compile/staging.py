"""Operators that no kernel takes as they are become others that give the same bytes.

What is new stands beside the operator: an activation behind it, a copy of a constant before it.
"""

from dataclasses import dataclass, field, replace

from qmcu.model.graph import Graph, Operator, Tensor

# The interpreter adds activation tensors only, and joins so many parts with constants among them.
_MOST_PARTS = 10
_RECTIFIERS = ("RELU", "RELU6")


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
        if len(operator.outputs) != 1 or self.graph.operand(operator, 0) is None:
            # What it lacks is told by whoever lowers it.
            self.operators.append(operator)
        elif operator.kind in ("ADD_N", "PACK"):
            self._add_parts(operator)
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

    def _add_product(self, operator: Operator) -> None:
        """Weights that are computed, without a bias: a matrix product."""
        options = operator.options
        activation = str(options.get("fused_activation_function", "NONE"))
        fits = activation in ("NONE", *_RECTIFIERS) and not any(i >= 0 for i in operator.inputs[2:])
        weights = self.graph.operand(operator, 1)
        dtypes = {self.tensors[operator.inputs[0]].dtype, "" if weights is None else weights.dtype}
        if not fits or dtypes not in ({"int8"}, {"float32"}):
            self.operators.append(operator)
            return
        product = replace(
            operator, kind="BATCH_MATMUL", inputs=operator.inputs[:2],
            options={"adj_x": False, "adj_y": True},
        )  # fmt: skip
        if activation == "NONE":
            self.operators.append(product)
        else:
            self._add_before(product, activation)

    def _add_apart(self, operator: Operator, activation: str) -> None:
        """The operator without its fused activation, and that."""
        options = dict(operator.options) | {"fused_activation_function": "NONE"}
        self._add_before(replace(operator, options=options), activation)

    def _add_before(self, operator: Operator, activation: str) -> None:
        (output,) = operator.outputs
        raw = self._new(self.tensors[output])
        self.operators.append(replace(operator, outputs=(raw,)))
        self.operators.append(Operator(self._next(), activation, (raw,), (output,)))

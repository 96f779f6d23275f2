"""Nodes in place of one: what every form of an operator is written with."""

from collections.abc import Sequence

import numpy as np

from qmcu.model.onnx.net import Net, Node, Value
from qmcu.types import Shape


class Maker:
    """Nodes in place of one; values between them are real numbers."""

    def __init__(self, net: Net, node: Node) -> None:
        self.net, self.node = net, node
        self.nodes: list[Node] = []
        self.source = net.values[node.inputs[0]]

    def constant(self, role: str, values: object) -> str:
        """A new constant, float32 or int64, named after the node's result."""
        array = np.asarray(values)
        kind = np.int64 if array.dtype.kind in "iu" else np.float32
        return self.net.add_constant(f"{self.node.outputs[0]}/{role}", array.astype(kind))

    def add(
        self, kind: str, inputs: Sequence[str], shape: Shape | None = None, **attributes: object
    ) -> str:
        """A node with a result of `shape`; the last one of all gets none: the node's own."""
        name = self.node.outputs[0]
        if shape is not None:
            name = self.net.free_name(f"{name}/{kind.lower()}")
            self.net.values[name] = Value(name, shape, "float32", inner=True)
        self.nodes.append(Node(kind, self.node.label, list(inputs), [name], dict(attributes)))
        return name

    def same(self, kind: str, *inputs: str, dtype: str = "float32") -> str:
        """A node with a result of the source's shape."""
        name = self.add(kind, inputs, self.source.shape)
        self.net.values[name].dtype = dtype
        return name

    def operand(self, position: int) -> str:
        """The name of an operand that has to be constant. Raises ModelError."""
        value = self.net.operand(self.node, position)
        if value is None or value.array is None:
            raise self.net.fail(
                self.node, f"has no constant as input {position}", "export it as a constant"
            )
        return value.name

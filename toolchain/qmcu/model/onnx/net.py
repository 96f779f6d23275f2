"""The Net: an ONNX graph as plain data, between the file and the Graph that is written of it.

Nodes keep ONNX's meaning and its axes. A value that the file quantizes carries its scales and
zero points as TFLite has them (int8, int16 or int32), so that a node says what is computed and
its values say in which numbers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qmcu.errors import ModelError
from qmcu.model.graph import Quantization
from qmcu.types import Array, Float64Array, Shape


@dataclass
class Value:
    """One value: `array` is a constant's, its integers where `quantization` is given.

    `file` are the file's own integers of quantized weights, less their zero points.
    """

    name: str
    shape: Shape
    dtype: str
    array: Array | None = None
    quantization: Quantization | None = None
    file: Array | None = field(default=None, repr=False)
    # Whether it is none of the file's, but stands between the parts of one of its operators.
    inner: bool = False

    @property
    def real(self) -> Float64Array:
        """The real numbers of a constant, float64. Raises ValueError for no constant."""
        if self.array is None:
            raise ValueError(f"{self.name} is not constant")
        if self.quantization is None:
            return np.asarray(self.array, np.float64)
        shape = along(self.quantization, self.array.ndim)
        scales = np.array(self.quantization.scales, np.float64).reshape(shape)
        zeros = np.array(self.quantization.zero_points, np.int64).reshape(shape)
        return np.asarray((self.array.astype(np.int64) - zeros) * scales, np.float64)


def along(quantization: Quantization, rank: int) -> tuple[int, ...]:
    """The shape that scales have to be multiplied with an array of this rank."""
    if not quantization.per_channel:
        return ()
    return tuple(-1 if axis == quantization.axis else 1 for axis in range(rank))


@dataclass
class Node:
    """One operator; "" is an input that is absent. `label` is what messages call it."""

    kind: str
    label: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Any] = field(default_factory=dict)

    def integer(self, name: str, default: int = 0) -> int:
        """An attribute that is one integer."""
        return int(self.attributes.get(name, default))

    def integers(self, name: str) -> tuple[int, ...]:
        """An attribute that is a list of integers, () where it is absent."""
        return tuple(int(i) for i in self.attributes.get(name, ()))

    def number(self, name: str, default: float = 0.0) -> float:
        """An attribute that is one real number."""
        return float(self.attributes.get(name, default))

    def text(self, name: str, default: str = "") -> str:
        """An attribute that is a string."""
        return str(self.attributes.get(name, default))

    def __str__(self) -> str:
        return f"{self.kind} {self.label}"


@dataclass
class Net:
    """A whole ONNX graph: nodes in execution order, values by name.

    `notes` say what was changed on the way and what it costs, a sentence each.
    """

    name: str
    values: dict[str, Value]
    nodes: list[Node]
    inputs: list[str]
    outputs: list[str]
    notes: list[str] = field(default_factory=list)
    opset: int = 17
    # The file's names of inputs and outputs, which stay theirs whatever becomes of the values.
    input_names: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()
    # The file's name for the integers of a value that it has as real numbers too.
    integer_names: dict[str, str] = field(default_factory=dict)
    # Integers of the file that the model is written without, by the constant's name.
    changed: dict[str, str] = field(default_factory=dict)

    def constant(self, name: str) -> Array | None:
        """A constant's values, None for an activation or an absent input."""
        value = self.values.get(name)
        return None if value is None else value.array

    def operand(self, node: Node, position: int) -> Value | None:
        """A node's input at `position`, None where it is absent."""
        if position >= len(node.inputs) or not node.inputs[position]:
            return None
        return self.values[node.inputs[position]]

    def consumers(self, name: str) -> list[Node]:
        """The nodes that read a value, once for each time."""
        return [node for node in self.nodes for i in node.inputs if i == name]

    def uses(self) -> dict[str, list[Node]]:
        """The nodes that read each value."""
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(filter(None, node.inputs)):
                found.setdefault(name, []).append(node)
        return found

    def producers(self) -> dict[str, Node]:
        """The node that writes each value."""
        return {name: node for node in self.nodes for name in node.outputs}

    def rename(self, old: str, new: str) -> None:
        """Read `new` wherever `old` was read."""
        for node in self.nodes:
            node.inputs = [new if name == old else name for name in node.inputs]
        self.outputs = [new if name == old else name for name in self.outputs]

    def add_constant(
        self, name: str, array: Array, quantization: Quantization | None = None
    ) -> str:
        """A new constant under a name that is free; answers it."""
        name = self.free_name(name)
        self.values[name] = Value(name, array.shape, str(array.dtype), array, quantization)
        return name

    def free_name(self, name: str) -> str:
        """`name`, with a number where it is taken."""
        free, count = name, 1
        while free in self.values:
            free, count = f"{name}_{count}", count + 1
        return free

    def drop_dead(self) -> None:
        """Remove nodes whose results nobody reads."""
        needed = set(self.outputs)
        kept: list[Node] = []
        for node in reversed(self.nodes):
            if needed.intersection(node.outputs):
                needed.update(filter(None, node.inputs))
                kept.append(node)
        self.nodes = kept[::-1]

    def fail(self, node: Node, problem: str, remedy: str) -> ModelError:
        """The one sentence that refuses a node."""
        return ModelError(f"{self.name}: {node} {problem}; {remedy}.")


def spread(values: Iterable[str], limit: int = 4) -> str:
    """Names in words, the first few and how many more."""
    names = list(values)
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more

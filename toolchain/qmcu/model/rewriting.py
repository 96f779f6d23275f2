"""Graphs written anew, operator by operator."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from qmcu.model.graph import Graph, Operator, OptionValue, Tensor, without_unused
from qmcu.types import Array, Shape

Options = Mapping[str, OptionValue]


class GraphMaker:
    """A graph's tensors and operators, being added to."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.tensors = list(graph.tensors)
        self.operators: list[Operator] = []
        self._constants: dict[bytes, int] = {}

    def like(self, index: int, shape: Shape, dtype: str = "") -> int:
        """A new tensor in the numbers of another one, or in those of a `dtype` without scales."""
        new = len(self.tensors)
        old = self.tensors[index]
        tensor = replace(old, index=new, name=f"{old.name}/form_{new}", shape=shape)
        self.tensors.append(replace(tensor, dtype=dtype, quantization=None) if dtype else tensor)
        return new

    def constant(self, array: Array) -> int:
        """A constant, the same one for the same contents."""
        key = array.tobytes() + f"{array.dtype} {array.shape}".encode()
        if key not in self._constants:
            new = self._constants[key] = len(self.tensors)
            self.tensors.append(
                Tensor(new, f"form_{new}", array.shape, str(array.dtype), None, array.tobytes())
            )
        return self._constants[key]

    def number(self, value: float) -> int:
        """One real number."""
        return self.constant(np.array(value, np.float32))

    def write(
        self, kind: str, inputs: tuple[int, ...], result: int, options: Options
    ) -> None:  # fmt: skip
        """An operator whose result is there."""
        self.operators.append(Operator(0, kind, inputs, (result,), dict(options), 1))

    def add(self, kind: str, inputs: tuple[int, ...], like: int, options: Options) -> int:
        """An operator whose result has the shape of the tensor `like`; answers the result."""
        result = self.like(like, self.tensors[like].shape)
        self.write(kind, inputs, result, options)
        return result

    def reshape(self, source: int, result: int) -> None:
        """RESHAPE `source` into `result`."""
        shape = self.tensors[result].shape
        size = self.constant(np.array(shape, np.int32))
        self.write("RESHAPE", (source, size), result, {"new_shape": shape})

    def graph(self) -> Graph:
        """The graph with what was added, operators numbered anew."""
        numbered = tuple(replace(op, index=i) for i, op in enumerate(self.operators))
        tensors = tuple(self.tensors)
        return without_unused(replace(self._graph, tensors=tensors, operators=numbered))


# Writes an operator otherwise and answers True, or leaves it and answers False.
Form = Callable[[GraphMaker, Graph, Operator], bool]


def rewritten(graph: Graph, forms: Mapping[str, Form]) -> Graph:
    """The graph with operators written as the form of their kind has them; itself where none is."""
    maker, changed = GraphMaker(graph), False
    for op in graph.operators:
        if op.kind in forms and forms[op.kind](maker, graph, op):
            changed = True
        else:
            maker.operators.append(op)
    return maker.graph() if changed else graph

"""Batches of random graphs of one operator, each small enough for one firmware image."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from bench.operators import GENERATORS
from bench.operators.packing import pack

from qmcu.model.graph import Graph, Tensor
from qmcu.model.random_inputs import random_array
from qmcu.model.state import is_stateful
from qmcu.types import Array

# All inputs and outputs of a batch are in RAM at once, all constants in flash.
ACTIVATION_BYTES = 96 * 1024
CONSTANT_BYTES = 384 * 1024
# Of a batch of graphs with a state or subgraphs: the interpreter crashes on a few hundred of them.
INVOLVED_GRAPHS = 64


@dataclass(frozen=True)
class Batch:
    """Random graphs with one operator each, all of the same `kind`."""

    kind: str
    number: int
    graphs: tuple[Graph, ...]

    @property
    def graph(self) -> Graph:
        """All the graphs side by side."""
        return pack(self.graphs)

    def vectors(self, count: int) -> list[list[Array]]:
        """`count` sets of random inputs for `graph`, the same every time."""
        seed = [self.number, len(self.graphs), *self.kind.encode()]
        rng = np.random.default_rng(seed)
        graph = self.graph
        tensors = graph.input_tensors
        return [[_values(rng, graph, tensor) for tensor in tensors] for _ in range(count)]

    def by_graph(self, outputs: list[Array]) -> list[list[Array]]:
        """The outputs of `graph`, those of each of the graphs together."""
        remaining = iter(outputs)
        return [[next(remaining) for _ in graph.outputs] for graph in self.graphs]

    def __str__(self) -> str:
        return f"{self.kind}, batch {self.number} of {len(self.graphs)} graphs"


def batches(
    kind: str,
    count: int,
    seed: int,
    generators: Mapping[str, Callable[[np.random.Generator], Graph]] = GENERATORS,
) -> Iterator[Batch]:
    """`count` random graphs of one operator, in as many batches as their sizes need."""
    rng = np.random.default_rng([seed, *kind.encode()])
    graphs: list[Graph] = []
    used = np.zeros(2, np.int64)
    number = 0
    for _ in range(count):
        graph = generators[kind](rng)
        needed = _needs(graph)
        full = (is_stateful(graph) or graph.subgraphs) and len(graphs) == INVOLVED_GRAPHS
        if graphs and (full or (used + needed > (ACTIVATION_BYTES, CONSTANT_BYTES)).any()):
            yield Batch(kind, number, tuple(graphs))
            graphs, used, number = [], np.zeros(2, np.int64), number + 1
        graphs.append(graph)
        used += needed
    if graphs:
        yield Batch(kind, number, tuple(graphs))


def _needs(graph: Graph) -> npt.NDArray[np.int64]:
    """Bytes of activations and of constants, the latter with room for code and parameters."""
    # Each tensor is aligned to at most 16 bytes.
    activations = sum(t.size + 16 for t in graph.tensors if not t.is_constant)
    constants = sum(t.size + 16 for t in graph.tensors if t.is_constant)
    return np.array([activations, constants + 1024], np.int64)


def _values(rng: np.random.Generator, graph: Graph, tensor: Tensor) -> Array:
    """Random values; the first 256 of int8 all differ, so that large tensors have every byte."""
    shape = tensor.shape
    if tensor.dtype != "int8":
        (drawn,) = random_array(rng, graph, tensor, 1)
        return np.asarray(drawn)
    size = int(np.prod(shape))
    values = rng.integers(-128, 128, size=size)
    values[:256] = (rng.permutation(256) - 128)[:size]
    result: Array = values.astype(np.int8).reshape(shape)
    return result

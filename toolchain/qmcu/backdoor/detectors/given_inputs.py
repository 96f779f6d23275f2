"""The inputs that an audit is given, and the inputs of a model as one (`Parts`)."""

import math
from pathlib import Path

import numpy as np

from qmcu.arrays import read_arrays
from qmcu.backdoor.grids import ends_of
from qmcu.backdoor.inputs import Part, Parts
from qmcu.backdoor.networks import part_of
from qmcu.errors import UnsupportedModelError, VectorError
from qmcu.model.graph import Graph
from qmcu.model.signature import input_key
from qmcu.types import Array, Int64Array

# Rows of tables times whole numbers of an input that a search climbs over at once.
_MOST_PLACES = 1 << 17
_WHOLE = ("int32", "int64")


def read_given(path: Path, graph: Graph) -> tuple[list[Array], Int64Array | None]:
    """Real inputs, one array [N, ...] for each input of the graph, and their classes where the
    file has `labels` that fit. Raises VectorError.
    """
    arrays = read_arrays(path)
    count = len(graph.inputs)
    own = [graph.name_of(index) for index in graph.inputs]
    keys = [input_key(arrays, i, name, count) for i, name in enumerate(own)]
    if any(key not in arrays for key in keys):
        wanted = "inputs" if count == 1 else ", ".join(f"input_{i}" for i in range(count))
        named = "" if count == 1 else f" (or {', '.join(own)})"
        raise VectorError(
            f"{path} has no array {wanted}{named}; it has {', '.join(sorted(arrays)) or 'none'}."
        )
    given = [_checked(path, arrays[key], key) for key in keys]
    rows = {len(array) for array in given}
    if len(rows) > 1:
        counts = ", ".join(f"{key} {len(a)}" for key, a in zip(keys, given, strict=True))
        raise VectorError(f"{path} holds other numbers of each input: {counts}.")
    labels = arrays.get("labels")
    if labels is not None and (labels.dtype.kind not in "iu" or labels.shape != (rows.pop(),)):
        raise VectorError(
            f"{path} holds labels of {labels.dtype} {list(labels.shape)}; one integer class for "
            f"each of the {len(given[0])} inputs is needed, or no labels."
        )
    return given, None if labels is None else labels.astype(np.int64)


def _checked(path: Path, inputs: Array, key: str) -> Array:
    if inputs.dtype.kind not in "fu" and inputs.dtype not in (np.int32, np.int64):
        raise VectorError(f"{path} holds {key} of {inputs.dtype}; real values are needed.")
    if not inputs.ndim or not inputs.size or not np.isfinite(inputs).all():
        raise VectorError(f"{path} holds no {key}, or some that are not finite.")
    if inputs.dtype in (np.int32, np.int64):
        return inputs
    return np.asarray(inputs, np.float32)


def parts_of(graph: Graph, given: list[Array] | None) -> Parts | None:
    """The inputs of a graph end to end, each in the range of what is given, else of its own grid;
    None for a single input of real numbers. Raises ModelError.
    """
    whole = any(tensor.dtype in _WHOLE for tensor in graph.input_tensors)
    if len(graph.inputs) == 1 and not whole:
        return None
    found = []
    for number, (index, tensor) in enumerate(zip(graph.inputs, graph.input_tensors, strict=True)):
        if tensor.shape[:1] != (1,):
            raise UnsupportedModelError(
                f"{graph.name}: {graph.name_of(index)} is {list(tensor.shape)}, without a batch of "
                "1 in front; an audit gives many inputs at once."
            )
        low, high = ends_of(tensor)
        if given is not None:
            low, high = float(given[number].min()), float(given[number].max())
        found.append(_small_enough(graph, part_of(graph, index, low, high)))
    return Parts(tuple(found))


def _small_enough(graph: Graph, part: Part) -> Part:
    if part.rows and math.prod(part.places) > _MOST_PLACES:
        raise UnsupportedModelError(
            f"{graph.name}: {part.name} has {math.prod(part.shape)} whole numbers that choose "
            f"among {part.rows} rows each; an audit follows {_MOST_PLACES:,} such choices at most."
        )
    return part


def random_given(graph: Graph, count: int, seed: int) -> list[Array]:
    """Inputs of uniform noise between 0 and 1, or of random rows, for each input of a graph."""
    rng = np.random.default_rng(seed)
    found: list[Array] = []
    for index, tensor in zip(graph.inputs, graph.input_tensors, strict=True):
        part = part_of(graph, index, 0.0, 1.0)
        shape = (count, *tensor.shape[1:])
        if part.rows:
            found.append(rng.integers(0, part.rows, shape).astype(np.int32))
        else:
            found.append(rng.random(shape).astype(np.float32))
    return found

"""Vectors: inputs with the bytes that the device must answer, bound to one model by its SHA-256."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from qmcu.arrays import npz_bytes, read_arrays
from qmcu.errors import VectorError
from qmcu.files import write_atomic
from qmcu.model.graph import Graph, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.random_inputs import random_array
from qmcu.model.scoring import read_labels
from qmcu.model.signature import input_key
from qmcu.model.state import is_stateful
from qmcu.types import Array, BoolArray, Progress

FORMAT = 1
# Of a random sequence for a model that keeps a state.
DEFAULT_STEPS = 8


@dataclass(frozen=True, eq=False)
class Vectors:
    """Inputs and expected outputs, one array [N, ...] of its type for each tensor of the model.

    Each `steps` of them are a sequence: inferences in a row, before the first of which the state of
    a model that keeps one is reset. `labels` (see `read_labels`) and `triggered` (bool [N], True
    where a trigger was applied) are None when unknown. `origin` says how the expected bytes were
    obtained.
    """

    inputs: tuple[Array, ...]
    expected: tuple[Array, ...]
    model_sha256: str
    labels: Array | None = None
    triggered: BoolArray | None = None
    origin: Mapping[str, str] = field(default_factory=dict)
    steps: int = 1

    def __len__(self) -> int:
        return len(self.inputs[0])

    def __str__(self) -> str:
        if self.steps > 1:
            count = len(self) // self.steps
            return f"{count} sequences of {self.steps} for model {self.model_sha256[:16]}"
        return f"{len(self)} vectors for model {self.model_sha256[:16]}"

    def limited(self, count: int) -> "Vectors":
        """The first `count` vectors, or sequences of them."""
        count *= self.steps
        return Vectors(
            tuple(a[:count] for a in self.inputs),
            tuple(a[:count] for a in self.expected),
            self.model_sha256,
            None if self.labels is None else self.labels[:count],
            None if self.triggered is None else self.triggered[:count],
            self.origin,
            self.steps,
        )


def make_vectors(
    graph: Graph,
    model: bytes,
    inputs: Sequence[Array],
    *,
    labels: Array | None = None,
    triggered: BoolArray | None = None,
    steps: int = 1,
    progress: Progress | None = None,
) -> Vectors:
    """Run the oracle over `inputs` (each [N, ...]); `progress(done, total)` as they come.

    State is reset before each `steps` of them.

    Raises VectorError when counts, shapes or types do not fit the model.
    """
    arrays = _fitted(graph.input_tensors, inputs, "input")
    count = len(arrays[0])
    for name, extra in (("labels", labels), ("triggered", triggered)):
        if extra is not None and len(extra) != count:
            raise VectorError(f"there are {count} inputs and {len(extra)} {name}.")
    if steps < 1 or count % steps:
        raise VectorError(f"{count} inputs cannot be cut into sequences of {steps}.")
    oracle = Oracle(model, name=graph.name)
    resets = range(0, count, steps) if is_stateful(graph) else ()
    expected = oracle.run_many(arrays, resets=resets, progress=progress)
    origin = {"expected": oracle.origin}
    return Vectors(tuple(arrays), expected, _sha256(model), labels, triggered, origin, steps)


def random_vectors(
    graph: Graph,
    model: bytes,
    count: int,
    *,
    seed: int = 0,
    steps: int | None = None,
    progress: Progress | None = None,
) -> Vectors:
    """`count` vectors of random values (see `random_inputs`), or sequences of `steps` of them.

    Where `steps` is None a model that keeps a state gets sequences of DEFAULT_STEPS.
    Raises VectorError when `count` or `steps` is below 1.
    """
    if count < 1:
        raise VectorError(f"{count} random vectors were asked for; give 1 or more.")
    if steps is None:
        steps = DEFAULT_STEPS if is_stateful(graph) else 1
    if steps < 1:
        raise VectorError(f"sequences of {steps} steps were asked for; give 1 or more.")
    count *= steps
    generator = np.random.default_rng(seed)
    inputs = [random_array(generator, graph, t, count) for t in graph.input_tensors]
    return make_vectors(graph, model, inputs, steps=steps, progress=progress)


def read_inputs(
    path: Path, graph: Graph, limit: int | None = None
) -> tuple[tuple[Array, ...], Array | None, BoolArray | None]:
    """Inputs, labels and trigger tags of an .npz file, inputs quantized for the model.

    The file holds `inputs` (or `input_0`, `input_1`, ..., or the inputs' names) with N rows each,
    and may hold `labels` (see `read_labels`) and `triggered`. What has the input's type is taken as
    it is; any other number is a real value and is quantized with the input's scale and zero point,
    where it has them. Raises VectorError, naming the file.
    """
    arrays = read_arrays(path)
    count = len(graph.inputs)
    own = [graph.name_of(index) for index in graph.inputs]
    names = [input_key(arrays, i, name, count) for i, name in enumerate(own)]
    missing = [name for name in names if name not in arrays]
    if missing:
        wanted = "inputs" if count == 1 else ", ".join(f"input_{i}" for i in range(count))
        raise VectorError(
            f"{path} has no array {wanted} (or {', '.join(own)}); it has "
            f"{', '.join(sorted(arrays)) or 'none'}."
        )
    try:
        quantized = _fitted(
            graph.input_tensors,
            [
                quantize(arrays[name][:limit], tensor)
                for name, tensor in zip(names, graph.input_tensors, strict=True)
            ],
            "input",
        )
    except VectorError as error:
        raise VectorError(f"{path}: {error}") from error
    rows = len(quantized[0])
    labels = _labels(path, arrays, limit, rows)
    triggered = _column(path, arrays, "triggered", limit, rows)
    return (
        tuple(quantized),
        labels,
        None if triggered is None else triggered.astype(np.bool_),
    )


def quantize(values: Array, tensor: Tensor) -> Array:
    """Real values to the tensor's type, with its scale and zero point if it is quantized.

    What has the type already passes through. Rounds half away from zero and clips to the type's
    range. Raises VectorError for values that are no numbers, or do not fit where none is quantized.
    """
    dtype = np.dtype(tensor.dtype)
    if values.dtype.kind not in "biuf":
        raise VectorError(f"inputs of type {values.dtype} are no numbers.")
    if dtype.kind == "f":
        if np.isnan(values).any():
            raise VectorError("an input is not a number.")
        return values.astype(dtype)
    if values.dtype == dtype:
        return values
    real = values.astype(np.float64)
    if not np.isfinite(real).all():
        raise VectorError("an input is not a finite number.")
    quantization = tensor.quantization
    low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    if quantization is None:
        fits = (real == np.floor(real)) & (real >= low) & (real <= high)
        if tensor.dtype == "int8" or not fits.all():
            raise VectorError(
                f"{tensor.name} has no scale to quantize real inputs with; give {tensor.dtype}."
            )
        return values.astype(dtype)
    scaled = real / quantization.scale
    rounded = np.sign(scaled) * np.floor(np.abs(scaled) + 0.5)
    result: Array = np.clip(rounded + quantization.zero_point, low, high).astype(dtype)
    return result


def save_vectors(vectors: Vectors, path: Path) -> None:
    """Write an .npz, the same bytes for the same vectors. Raises UsageError when it cannot."""
    arrays: dict[str, Array] = {f"input_{i}": a for i, a in enumerate(vectors.inputs)}
    arrays |= {f"expected_{i}": a for i, a in enumerate(vectors.expected)}
    if vectors.labels is not None:
        arrays["labels"] = vectors.labels
    if vectors.triggered is not None:
        arrays["triggered"] = vectors.triggered
    header: dict[str, object] = {
        "format": FORMAT, "model_sha256": vectors.model_sha256, "origin": dict(vectors.origin),
    }  # fmt: skip
    if vectors.steps != 1:
        header["steps"] = vectors.steps
    text = json.dumps(header, sort_keys=True).encode()
    arrays["qmcu"] = np.frombuffer(text, np.uint8)
    write_atomic(path, npz_bytes(arrays))


def load_vectors(path: Path, graph: Graph) -> Vectors:
    """Read vectors that were made for `graph`'s model.

    Raises VectorError when the file is damaged, was made for another model (both hashes are
    named) or its sizes do not fit.
    """
    arrays = read_arrays(path)
    try:
        header = json.loads(bytes(arrays["qmcu"].astype(np.uint8)))
        if header["format"] != FORMAT:
            raise VectorError(f"{path} has format {header['format']}, {FORMAT} is read here.")
        sha256, origin = str(header["model_sha256"]), dict(header["origin"])
        steps = int(header.get("steps", 1))
    except (KeyError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise VectorError(
            f"{path} is no vector file; make one with `qmcu vectors make`."
        ) from error
    if sha256 != graph.sha256:
        raise VectorError(
            f"{path} was made for model {sha256[:16]} and this is {graph.sha256[:16]}; make the "
            "vectors again with `qmcu vectors make`."
        )
    try:
        inputs = _fitted(graph.input_tensors, _numbered(arrays, "input"), "input")
        expected = _fitted(graph.output_tensors, _numbered(arrays, "expected"), "output")
        if len(expected[0]) != len(inputs[0]):
            raise VectorError(f"there are {len(inputs[0])} inputs and {len(expected[0])} outputs.")
        if steps < 1 or len(inputs[0]) % steps:
            raise VectorError(f"{len(inputs[0])} inputs are no sequences of {steps}.")
    except VectorError as error:
        raise VectorError(f"{path}: {error}") from error
    labels = _labels(path, arrays, None, len(inputs[0]))
    triggered = _column(path, arrays, "triggered", None, len(inputs[0]))
    return Vectors(
        tuple(inputs),
        tuple(expected),
        sha256,
        labels,
        None if triggered is None else triggered.astype(np.bool_),
        {str(k): str(v) for k, v in origin.items()},
        steps,
    )


def _numbered(arrays: Mapping[str, Array], role: str) -> list[Array]:
    names = [f"{role}_{i}" for i in range(len(arrays)) if f"{role}_{i}" in arrays]
    return [arrays[name] for name in names]


def _fitted(tensors: Sequence[Tensor], arrays: Sequence[Array], role: str) -> list[Array]:
    """Each array as [N, *shape], or VectorError; a missing batch dimension of 1 is added."""
    if len(arrays) != len(tensors):
        raise VectorError(f"the model has {len(tensors)} {role}s and {len(arrays)} were given.")
    result = []
    for tensor, array in zip(tensors, arrays, strict=True):
        if array.dtype != np.dtype(tensor.dtype):
            raise VectorError(f"{role} {tensor.name} is {array.dtype}, {tensor.dtype} is needed.")
        rows = len(array) if array.ndim else 0
        row_shape = array.shape[1:]
        batchless = tensor.shape[:1] == (1,) and row_shape == tensor.shape[1:]
        if rows == 0 or not (row_shape == tensor.shape or batchless):
            raise VectorError(
                f"{role} {tensor.name} needs rows of {list(tensor.shape)} "
                f"({tensor.elements} values) and the file has {rows} of {list(row_shape)} "
                f"({int(np.prod(row_shape))} values)."
            )
        result.append(np.ascontiguousarray(array).reshape(rows, *tensor.shape))
    if len({len(array) for array in result}) != 1:
        counts = ", ".join(str(len(array)) for array in result)
        raise VectorError(f"the {role}s have different numbers of rows: {counts}.")
    return result


def _labels(path: Path, arrays: Mapping[str, Array], limit: int | None, rows: int) -> Array | None:
    if "labels" not in arrays:
        return None
    found = arrays["labels"]
    return read_labels(found[:limit] if found.ndim else found, rows, str(path))


def _column(
    path: Path, arrays: Mapping[str, Array], name: str, limit: int | None, rows: int
) -> Array | None:
    if name not in arrays:
        return None
    column = arrays[name][:limit] if arrays[name].ndim else arrays[name]
    if column.shape != (rows,) or column.dtype.kind not in "biu":
        raise VectorError(
            f"{path}: {name} is {column.dtype} {list(column.shape)}, {rows} integers are needed."
        )
    return column


def _sha256(model: bytes) -> str:
    return hashlib.sha256(model).hexdigest()

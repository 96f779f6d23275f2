"""One file weighed: bytes by role, stored and effective bits, copies, what it could take."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qmcu.size.contents import DTYPE_BITS, Contents, FileKind, Operators, Role, StoredTensor
from qmcu.size.levels import TensorLevels, find_levels
from qmcu.size.mapped import let_go
from qmcu.size.readers import read_contents
from qmcu.size.sampling import matrix_shape
from qmcu.types import Progress

# Values looked at in all, unless every one is asked for; at least and at most so many a tensor.
_BUDGET, _LEAST, _MOST = 1 << 22, 1 << 14, 1 << 20
# Equal tensors of fewer bytes than this are not worth a word.
_DUPLICATE_BYTES = 1024
_COMPARED = 1 << 22
# Pages of the file that are kept before they are let go.
_HELD = 64 << 20
# .tflite: a float32 scale and an int64 zero point a channel; an int32 bias.
_CHANNEL_BYTES, _BIAS_BYTES = 12, 4
_LAST_AXIS = (FileKind.KERAS, FileKind.HDF5, FileKind.SAVED_MODEL)
# Only these formats' graphs are what an int8 file would hold too.
_HAS_GRAPH = (FileKind.TFLITE, FileKind.ONNX)


@dataclass(frozen=True)
class TensorReport:
    """One tensor weighed. `role` is DUPLICATES when `duplicate_of` names an equal tensor."""

    tensor: StoredTensor
    role: Role
    levels: TensorLevels | None
    duplicate_of: str = ""

    @property
    def stored_bits(self) -> float:
        """Bits of a value in its stored dtype, before any compression of the file."""
        return float(self.tensor.packed_bits or DTYPE_BITS[self.tensor.dtype])

    @property
    def effective_bits(self) -> float:
        """Bits of a value that its levels need, scale and zero point included."""
        return self.levels.bits(self.tensor) if self.levels is not None else self.stored_bits

    @property
    def needed(self) -> int:
        """Bytes of the tensor at its effective bits."""
        return round(self.tensor.elements * self.effective_bits / 8)


@dataclass(frozen=True)
class SizeReport:
    """A file weighed; sizes in bytes. The roles add up to `size`.

    `int8` is what full int8 would take and `packed` what the levels in use would, both estimates;
    `loaded` the tensors in memory as stored. `examined` is the share of values looked at.
    """

    path: str
    kind: FileKind
    size: int
    roles: Mapping[Role, int]
    tensors: tuple[TensorReport, ...]
    operators: Operators | None
    compressed: bool
    notes: tuple[str, ...]
    large: tuple[tuple[str, int], ...]
    int8: int
    packed: int
    loaded: int
    examined: float

    @property
    def weights(self) -> tuple[TensorReport, ...]:
        """The tensors that are weights; duplicates and further names of the same bytes left out."""
        return tuple(t for t in self.tensors if t.role is Role.WEIGHTS and t.tensor.stored)

    @property
    def stored_bits(self) -> float:
        """Bits a weight on disk, as the file's compression leaves them."""
        return _mean(8 * t.tensor.stored for t in self.weights) / max(1, self.weight_count)

    @property
    def effective_bits(self) -> float:
        """Bits a weight that the levels in use need."""
        total = sum(t.tensor.elements * t.effective_bits for t in self.weights)
        return total / max(1, self.weight_count)

    @property
    def weight_count(self) -> int:
        """How many weights there are."""
        return sum(t.tensor.elements for t in self.weights)


def _mean(values: Iterable[float]) -> float:
    return float(sum(values))


def weigh(path: Path, *, exact: bool = False, progress: Progress | None = None) -> SizeReport:
    """Read a model file and weigh it; `exact` looks at every value instead of a sample.

    Raises ModelError when the file is damaged or of no known kind, ToolError when a package that
    its format needs is missing.
    """
    contents = read_contents(path)
    limits = _limits(contents, exact=exact)
    weighed, signatures = [], []
    pages = _Pages(contents.maps)
    hint = None
    for i, tensor in enumerate(contents.tensors):
        levels = find_levels(tensor, limits[i], exact=exact, hint=hint) if limits[i] else None
        # Most layers of a model are on the same grid.
        hint = levels.grid if levels is not None and levels.grid is not None else hint
        weighed.append(TensorReport(tensor, tensor.role, levels))
        signatures.append(_signature(tensor))
        pages.touch(tensor.stored)
        if progress is not None:
            progress(i + 1, len(limits))
    return _report(contents, _without_duplicates(weighed, signatures, pages))


class _Pages:
    """Counts what was read of mapped files, and lets it go before it is much."""

    def __init__(self, maps: Sequence[memoryview]) -> None:
        self._maps = maps
        self._touched = 0

    def touch(self, count: int) -> None:
        """So many bytes more were looked at, and are not needed again soon."""
        self._touched += count
        if self._touched > _HELD:
            self._touched = 0
            for data in self._maps:
                let_go(data)


def _limits(contents: Contents, *, exact: bool) -> list[int]:
    """How many values of each tensor to look at; 0 for those whose levels mean nothing."""
    telling = (Role.WEIGHTS, Role.BIASES)
    total = sum(t.elements for t in contents.tensors if t.role in telling)
    return [
        0 if t.role not in telling
        else t.elements if exact and t.elements <= _MOST
        else max(_LEAST, min(_MOST, _BUDGET * t.elements // max(1, total)))
        for t in contents.tensors
    ]  # fmt: skip


def _signature(tensor: StoredTensor) -> bytes:
    """A digest that equal tensors share, of few bytes; empty for those not worth comparing."""
    if tensor.rows is None or tensor.stored < _DUPLICATE_BYTES or tensor.role is Role.OPTIMIZER:
        return b""
    rows, columns = tensor.matrix_shape
    edge = min(rows, max(1, 4096 // columns))
    digest = hashlib.blake2b(f"{tensor.dtype} {tensor.matrix_shape}".encode(), digest_size=16)
    digest.update(tensor.rows(0, edge)[:, :4096].tobytes())
    digest.update(tensor.rows(rows // 2, rows // 2 + 1)[:, :4096].tobytes())
    return digest.digest()


def _without_duplicates(
    weighed: list[TensorReport], signatures: list[bytes], pages: _Pages
) -> tuple[TensorReport, ...]:
    """Tensors that hold the same bytes as an earlier one become DUPLICATES."""
    first: dict[bytes, list[TensorReport]] = {}
    kept = []
    for one, signature in zip(weighed, signatures, strict=True):
        earlier = first.setdefault(signature, []) if signature else []
        same = next((o for o in earlier if _equal(o.tensor, one.tensor)), None)
        if earlier:
            pages.touch(2 * one.tensor.stored)
        if same is None:
            earlier.append(one)
            kept.append(one)
        else:
            kept.append(replace(one, role=Role.DUPLICATES, duplicate_of=same.tensor.name))
    return tuple(kept)


def _equal(one: StoredTensor, other: StoredTensor) -> bool:
    """Whether two tensors of the same dtype hold the same bytes in the same order."""
    if one.matrix_shape != other.matrix_shape or one.rows is None or other.rows is None:
        return False
    rows, columns = one.matrix_shape
    step = max(1, _COMPARED // max(1, columns))
    return all(
        one.rows(i, min(rows, i + step)).tobytes() == other.rows(i, min(rows, i + step)).tobytes()
        for i in range(0, rows, step)
    )


def _report(contents: Contents, tensors: tuple[TensorReport, ...]) -> SizeReport:
    roles = {role: contents.others.get(role, 0) for role in Role}
    for one in tensors:
        roles[one.role] += one.tensor.stored
    assert sum(roles.values()) == contents.size
    looked = [t for t in tensors if t.levels is not None]
    values = sum(t.tensor.elements for t in looked)
    seen = sum(min(t.levels.examined, t.tensor.elements) for t in looked if t.levels is not None)
    return SizeReport(
        path=contents.path,
        kind=contents.kind,
        size=contents.size,
        roles={role: count for role, count in roles.items() if count},
        tensors=tensors,
        operators=contents.operators,
        compressed=contents.compressed,
        notes=contents.notes,
        large=contents.large_metadata,
        int8=_int8(contents, tensors),
        packed=_count_packed(contents, tensors),
        loaded=sum(t.tensor.raw for t in tensors if t.tensor.stored),
        examined=seen / values if values else 1.0,
    )


def _kept(contents: Contents) -> int:
    """Bytes that stay whatever the weights become."""
    roles = (Role.GRAPH, Role.CONSTANTS) if contents.kind in _HAS_GRAPH else ()
    return sum(contents.others.get(role, 0) for role in roles)


def _int8(contents: Contents, tensors: tuple[TensorReport, ...]) -> int:
    """Full int8: a byte a weight, scale and zero point a channel, int32 biases, the graph."""
    total = _kept(contents)
    for one in tensors:
        if not one.tensor.stored:
            continue
        if one.role is Role.WEIGHTS:
            rows, _ = matrix_shape(one.tensor)
            last = next((d for d in reversed(one.tensor.shape) if d > 1), 1)
            channels = last if contents.kind in _LAST_AXIS else rows
            total += one.tensor.elements + _CHANNEL_BYTES * channels
        elif one.role is Role.BIASES:
            total += _BIAS_BYTES * one.tensor.elements
        elif one.role is Role.CONSTANTS:
            total += one.tensor.raw
    return total


def _count_packed(contents: Contents, tensors: tuple[TensorReport, ...]) -> int:
    """Weights at their effective bits, everything else that is needed as it is."""
    kept = (Role.BIASES, Role.CONSTANTS, Role.QUANTIZATION)
    return (
        sum(contents.others.get(r, 0) for r in (Role.GRAPH, Role.QUANTIZATION, Role.CONTAINER))
        + sum(t.needed for t in tensors if t.role is Role.WEIGHTS and t.tensor.stored)
        + sum(t.tensor.stored for t in tensors if t.role in kept)
    )

"""The check of a Plan where tensors share a buffer row by row: what every byte of it holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from qmcu.compile.plan import KernelCall, Placement, PlanTensor

MOVE = "move_rows"


def shared_by_rows(tensors: Sequence[PlanTensor], homes: Mapping[int, Placement]) -> frozenset[int]:
    """The ids of the placements in which some tensor is only rows of another."""
    parts = (t.index for t in tensors if t.part is not None)
    return frozenset(id(homes[i]) for i in parts if i in homes)


@dataclass(frozen=True)
class _Segment:
    """Bytes [start, end) of the arena hold those of a tensor from its byte `first` on."""

    start: int
    end: int
    tensor: int
    first: int

    def between(self, start: int, end: int) -> "_Segment":
        """The part of it in [start, end)."""
        low, high = max(self.start, start), min(self.end, end)
        return _Segment(low, high, self.tensor, self.first + low - self.start)


@dataclass
class RowContents:
    """What each byte of the arena holds, as last written: of which tensor it is which byte."""

    tensors: Mapping[int, PlanTensor]
    _segments: list[_Segment] = field(default_factory=list)

    def write(self, index: int) -> None:
        """The tensor is written, or is one of the model's inputs."""
        tensor = self.tensors[index]
        start, end = tensor.offset, tensor.offset + tensor.size
        kept: list[_Segment] = []
        for segment in self._segments:
            if segment.end <= start or end <= segment.start:
                kept.append(segment)
                continue
            rest = (segment.between(segment.start, start), segment.between(end, segment.end))
            kept += [part for part in rest if part.start < part.end]
        self._segments = [*kept, _Segment(start, end, *_origin(tensor))]

    def holds(self, index: int, sources: Sequence[int]) -> bool:
        """Whether all bytes of the tensor are there, under its own name or one of `sources`.

        Of rows it is the whole tensor that has such names.
        """
        tensor = self.tensors[index]
        owner, first = _origin(tensor)
        start, end = tensor.offset, tensor.offset + tensor.size
        found = [s.between(start, end) for s in self._segments if s.start < end and start < s.end]
        return sum(s.end - s.start for s in found) == tensor.size and any(
            all(s.tensor == name and s.first == first + s.start - start for s in found)
            for name in (owner, *sources)
        )


def _origin(tensor: PlanTensor) -> tuple[int, int]:
    """The whole tensor that this one is of, and its first byte there."""
    whole = tensor.index if tensor.part is None else tensor.part.tensor
    return whole, tensor.first_byte


def overlaps(one: PlanTensor, other: PlanTensor) -> bool:
    """Whether two tensors in the arena share bytes."""
    return one.offset < other.offset + other.size and other.offset < one.offset + one.size


def move_problem(call: KernelCall, tensors: Mapping[int, PlanTensor]) -> str | None:
    """What is wrong with a call that moves rows, if anything."""
    if call.kernel != MOVE:
        return None
    source, target = tensors[call.reads[0]], tensors[call.writes[0]]
    if (source.part, source.shape) != (target.part, target.shape):
        return f"{call.layer} moves {source.name} to {target.name}"
    if target.offset > source.offset:
        return f"{call.layer} moves {source.name} away from the start"
    return None

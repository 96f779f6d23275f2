"""Weighed files as JSON, by the published schema docs/schema/size-1.json."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from qmcu.size.analysis import SizeReport, TensorReport
from qmcu.size.cause import Diagnosis
from qmcu.size.contents import FileKind, Operators, Role
from qmcu.size.levels import TensorLevels
from qmcu.size.measures import Measure
from qmcu.types import Amount, Count, Fraction


@dataclass(frozen=True)
class Weights:
    """All weights of a file together."""

    count: Count
    stored_bits: Amount
    effective_bits: Amount


@dataclass(frozen=True)
class Estimates:
    """Bytes that the file would have in full int8, and with its levels packed."""

    int8: Count
    packed: Count


@dataclass(frozen=True)
class OperatorCounts:
    """A graph's operators by kind, and those that compute in float."""

    kinds: Mapping[str, Count]
    integer: Count
    float: Mapping[str, Count]
    activations: tuple[str, ...]
    dynamic: bool
    float_io: bool


@dataclass(frozen=True)
class TensorEntry:
    """One tensor; bits are of a value."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    role: Role
    bytes: Count
    elements: Count
    stored_bits: Amount
    effective_bits: Amount
    declared_scales: Count
    duplicate_of: str
    note: str
    levels: TensorLevels | None


@dataclass(frozen=True)
class FileEntry:
    """One weighed file; the roles add up to `bytes`."""

    path: str
    kind: FileKind
    bytes: Count
    roles: Mapping[Role, Count]
    weights: Weights
    estimates: Estimates
    loaded: Count
    compressed: bool
    examined: Fraction
    operators: OperatorCounts | None
    notes: tuple[str, ...]
    verdict: Diagnosis
    tensors: tuple[TensorEntry, ...]
    measures: tuple[Measure, ...]


@dataclass(frozen=True)
class SizeDocument:
    """What `qmcu size --json` writes."""

    __schema__ = "size-1"

    files: Annotated[tuple[FileEntry, ...], Meta(min_length=1)]


def size_document(
    reports: Sequence[SizeReport],
    verdicts: Sequence[Diagnosis],
    measures: Sequence[Sequence[Measure]] = (),
) -> SizeDocument:
    """The whole result; the same files give the same document.

    `measures` has an entry a report, or none when nothing but the files was looked at.
    """
    sizes = measures or [()] * len(reports)
    return SizeDocument(
        tuple(
            _file(report, verdict, own)
            for report, verdict, own in zip(reports, verdicts, sizes, strict=True)
        )
    )


def _file(report: SizeReport, verdict: Diagnosis, measures: Sequence[Measure]) -> FileEntry:
    return FileEntry(
        path=report.path,
        kind=report.kind,
        bytes=report.size,
        roles=report.roles,
        weights=Weights(
            report.weight_count, round(report.stored_bits, 4), round(report.effective_bits, 4)
        ),
        estimates=Estimates(report.int8, report.packed),
        loaded=report.loaded,
        compressed=report.compressed,
        examined=round(report.examined, 6),
        operators=None if report.operators is None else _operators(report.operators),
        notes=report.notes,
        verdict=verdict,
        tensors=tuple(map(_tensor, report.tensors)),
        measures=tuple(measures),
    )


def _operators(operators: Operators) -> OperatorCounts:
    return OperatorCounts(
        kinds=dict(sorted(operators.kinds.items())),
        integer=operators.integer,
        float=dict(sorted(operators.float_kinds.items())),
        activations=operators.activations,
        dynamic=operators.dynamic,
        float_io=operators.float_io,
    )


def _tensor(one: TensorReport) -> TensorEntry:
    return TensorEntry(
        name=one.tensor.name,
        dtype=one.tensor.dtype,
        shape=one.tensor.shape,
        role=one.role,
        bytes=one.tensor.stored,
        elements=one.tensor.elements,
        stored_bits=one.stored_bits,
        effective_bits=round(one.effective_bits, 4),
        declared_scales=one.tensor.scales,
        duplicate_of=one.duplicate_of,
        note=one.tensor.note,
        levels=one.levels,
    )

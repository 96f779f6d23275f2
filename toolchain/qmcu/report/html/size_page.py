"""Weighed files as a page: the verdict, bytes by role, what the weights use, and every tensor."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath

from qmcu.report.html.blocks import (
    Block,
    Cell,
    Page,
    Section,
    Stack,
    Stacks,
    Stat,
    Status,
    Table,
    Text,
    Tone,
)
from qmcu.report.html.sections import sentence
from qmcu.report.size import (
    INT8_HOW,
    PACKED_HOW,
    change,
    describe,
    forms,
    how_lines,
    measure_rows,
    sampling_lines,
)
from qmcu.size.analysis import SizeReport, TensorReport
from qmcu.size.cause import Cause, Diagnosis
from qmcu.size.contents import Role
from qmcu.size.measures import Measure

# A page of a large checkpoint lists its largest tensors only.
_MAX_ROWS = 200
_MAX_NAME = 96
_TONES: dict[Role, Tone] = {
    Role.WEIGHTS: "one", Role.BIASES: "six", Role.CONSTANTS: "three",
    Role.QUANTIZATION: "five", Role.OPTIMIZER: "two", Role.DUPLICATES: "seven",
    Role.UNUSED: "bad", Role.GRAPH: "four", Role.METADATA: "warn", Role.CONTAINER: "eight",
    Role.PADDING: "neutral",
}  # fmt: skip


def size_page(
    reports: Sequence[SizeReport],
    verdicts: Sequence[Diagnosis],
    measures: Sequence[Sequence[Measure]] = (),
) -> Page:
    """The page of one or several weighed files, the first of which gives the verdict on top."""
    first, verdict = reports[0], verdicts[0]
    sections = []
    if len(reports) > 1:
        sections.append(_comparison(reports, verdicts))
    if measures:
        sections.append(_measures(reports, measures))
    for report, judged in zip(reports, verdicts, strict=True):
        sections += _file(report, judged, alone=len(reports) == 1)
    names = [PurePath(r.path).name for r in reports]
    return Page(
        kind="size",
        title=" and ".join(names) if len(names) <= 3 else f"{len(names)} files",
        status=_status(verdict.main) if len(reports) == 1 else None,
        summary=sentence(verdict.main.reason) if len(reports) == 1 else _summary(reports),
        stats=_stats(first, verdict) if len(reports) == 1 else (),
        sections=tuple(sections),
        provenance=tuple(
            (r.path, f"{r.kind}, {r.size:,} bytes; {sampling_lines(r)}") for r in reports
        ),
    )


def _status(finding: Cause) -> Status:
    return Status(finding.word, "good" if finding.good else "warn")


def _summary(reports: Sequence[SizeReport]) -> str:
    if len(reports) == 2:
        before, after = reports
        return f"From {before.size:,} to {after.size:,} bytes: {change(before.size, after.size)}."
    sizes = [r.size for r in reports]
    return f"{len(reports)} files weighed, of {min(sizes):,} to {max(sizes):,} bytes."


def _stats(report: SizeReport, verdict: Diagnosis) -> tuple[Stat, ...]:
    main = verdict.main
    stats = [
        Stat("on disk", f"{report.size:,}", "bytes"),
        Stat("stored", f"{report.stored_bits:.2f}", "bits a weight, on disk"),
        Stat("used", f"{report.effective_bits:.2f}", "bits a weight, by its levels",
             "warn" if report.effective_bits < 0.75 * report.stored_bits else "good"),
    ]  # fmt: skip
    if report.stored_bits > 8:
        stats.append(Stat("in full int8", f"{report.int8:,}", "bytes, estimated"))
    if not main.good and main.could:
        stats.append(Stat("larger than need be", f"{main.ratio:.1f}x", main.word, "warn"))
    return tuple(stats)


def _file(report: SizeReport, verdict: Diagnosis, *, alone: bool) -> list[Section]:
    name = PurePath(report.path).name

    def title(text: str) -> str:
        return text if alone else f"{name}: {text.lower()}"

    reasons = tuple(b for f in (verdict.main, *verdict.others) for b in _finding(f))
    sections = [
        Section(title("Why it is this large"), "", reasons),
        Section(title("Bytes by role"), "", (_roles(report),)),
    ]
    if report.weights:
        estimates = [Text(f"{report.packed:,} bytes at the levels in use; {PACKED_HOW}.")]
        if report.stored_bits > 8:
            estimates.insert(0, Text(f"{report.int8:,} bytes in full int8; {INT8_HOW}."))
        text = "How weights are stored, and how many levels they use."
        sections.append(Section(title("Weights"), text, (_weights(report), *estimates)))
    if report.tensors:
        sections.append(
            Section(title("Tensors"), sentence(sampling_lines(report)), (_tensors(report),))
        )
    return sections


def _finding(finding: Cause) -> tuple[Block, ...]:
    tone: Tone = "neutral" if finding.good else "warn"
    return (
        Text(sentence(f"{finding.word}: {finding.reason}"), tone),
        Text(f"Next: {finding.next}"),
    )


def _roles(report: SizeReport) -> Stacks:
    pieces = tuple((role.value, count, _TONES[role]) for role, count in report.roles.items())
    stack = Stack("", report.size, report.size, pieces, title=f"{report.size:,} bytes")
    return Stacks(f"{report.kind}; every byte once, counted.", (stack,))


def _weights(report: SizeReport) -> Table:
    rows = []
    for (stored, lies), tensors in forms(report.weights).items():
        count = sum(t.tensor.elements for t in tensors)
        held = sum(t.tensor.stored for t in tensors)
        used = sum(t.tensor.elements * t.effective_bits for t in tensors) / max(1, count)
        rows.append((
            Cell(stored), Cell(lies), Cell(f"{len(tensors):,}", number=True),
            Cell(f"{count:,}", number=True), Cell(f"{held:,}", number=True),
            Cell(f"{8 * held / max(1, count):.2f}", number=True), Cell(f"{used:.2f}", number=True),
        ))  # fmt: skip
    header = ("stored as", "values lie on", "tensors", "weights", "bytes", "stored bits",
              "effective bits")  # fmt: skip
    return Table("Effective bits count the share of scales and zero points", header, tuple(rows))


def _tensors(report: SizeReport) -> Table:
    shown = sorted(report.tensors, key=lambda t: -t.tensor.stored)[:_MAX_ROWS]
    rest = len(report.tensors) - len(shown)
    caption = f"The {len(shown)} largest; {rest} more" if rest else "By size"
    header = ("tensor", "shape", "role", "stored, and in use", "bytes", "effective bits",
              "groups proved")  # fmt: skip
    return Table(caption, header, tuple(_tensor(one) for one in shown))


def _tensor(one: TensorReport) -> tuple[Cell, ...]:
    grid = one.levels.grid if one.levels is not None else None
    role = f"same as {one.duplicate_of}" if one.duplicate_of else one.role.value
    return (
        Cell(_short(one.tensor.name)), Cell(" x ".join(map(str, one.tensor.shape)) or "scalar"),
        Cell(role), Cell(f"{one.tensor.dtype}: {describe(one)}"),
        Cell(f"{one.tensor.stored:,}", number=True), Cell(f"{one.effective_bits:.2f}", number=True),
        Cell(f"{100 * grid.share:.0f} % of {grid.groups:,}" if grid else "", number=True),
    )  # fmt: skip


def _short(name: str) -> str:
    """A tensor's name; the middle of one that a converter joined from many is left out."""
    half = _MAX_NAME // 2
    return name if len(name) <= _MAX_NAME else f"{name[:half]} … {name[-half:]}"


def _comparison(reports: Sequence[SizeReport], verdicts: Sequence[Diagnosis]) -> Section:
    largest = max(r.size for r in reports)
    stacks = tuple(
        replace(bar, scale=largest, title=f"{PurePath(r.path).name}: {bar.title}")
        for r in reports
        for bar in _roles(r).stacks
    )
    rows = []
    for role in Role:
        counts = [r.roles.get(role, 0) for r in reports]
        if any(counts):
            rows.append(_row(role.value, counts))
    rows.append(_row("all", [r.size for r in reports]))
    table = Table("On disk, bytes by role", _header(("role",), reports), tuple(rows))
    verdict = tuple(
        (Cell(PurePath(r.path).name), Cell(v.main.word, status=_status(v.main).tone),
         Cell(v.main.reason))
        for r, v in zip(reports, verdicts, strict=True)
    )  # fmt: skip
    caption = "Bytes by role, all bars to one scale; shares are of each file"
    return Section(
        "Side by side", "",
        (Table("Verdicts", ("file", "verdict", "reason"), verdict), Stacks(caption, stacks), table),
    )  # fmt: skip


def _measures(reports: Sequence[SizeReport], measures: Sequence[Sequence[Measure]]) -> Section:
    rows = []
    for where, what, counts in measure_rows(measures):
        row = _row(f"{where}: {what}", counts)
        rows.append(row)
    table = Table("Bytes", _header(("where",), reports), tuple(rows))
    how = tuple(Text(sentence(line)) for line in how_lines(measures))
    text = "On disk, loaded on the host, in flash, and in RAM while it runs."
    return Section("The four sizes", text, (table, *how))


def _header(first: tuple[str, ...], reports: Sequence[SizeReport]) -> tuple[str, ...]:
    names = tuple(PurePath(r.path).name for r in reports)
    return (*first, *names, "change") if len(reports) == 2 else (*first, *names)


def _row(name: str, counts: Sequence[int | None]) -> tuple[Cell, ...]:
    cells = [Cell("none" if c is None else f"{c:,}", number=True) for c in counts]
    if len(counts) == 2:
        before, after = counts
        known = before is not None and after is not None
        cells.append(Cell(change(before or 0, after or 0) if known else "", number=True))
    return (Cell(name), *cells)

"""Weighed files as tables and sentences: what a file holds, and why it is as large as it is."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from rich.console import RenderableType

from qmcu.report.plain import Cell, PlainTable, line
from qmcu.size.analysis import SizeReport, TensorReport
from qmcu.size.cause import Cause, Diagnosis
from qmcu.size.contents import Role
from qmcu.size.measures import Measure


def size_lines(
    report: SizeReport, verdict: Diagnosis, *, tensors: bool
) -> Iterator[RenderableType]:
    """One file: verdict, bytes by role, weights by how they are stored, estimates."""
    yield line((report.path, "bold"), f": {report.kind}, {report.size:,} bytes on disk")
    yield from finding_lines("verdict", verdict.main)
    for other in verdict.others:
        yield from finding_lines("also", other)
    yield _roles(report)
    if report.weights:
        yield _weights(report)
    if tensors:
        yield _tensors(report.tensors)
    yield from notes(report)


def finding_lines(label: str, finding: Cause) -> Iterator[Cell]:
    """A finding and what to do about it."""
    colour = "green" if finding.good else "bold yellow"
    yield line(f"{label}: ", (finding.word, colour), f": {finding.reason}.")
    yield f"  next: {finding.next}"


def notes(report: SizeReport) -> Iterator[str]:
    """Estimates and how they were obtained, and what was left out."""
    if report.stored_bits > 8:
        versus = _versus(report, report.int8)
        yield f"full int8 would take about {report.int8:,} bytes ({versus}); {INT8_HOW}"
    if abs(report.packed - report.size) > 0.05 * report.size:
        yield (
            f"the levels in use would take about {report.packed:,} bytes "
            f"({_versus(report, report.packed)}); {PACKED_HOW}"
        )
    yield f"loaded on the host: {report.loaded:,} bytes of tensors, in the types they are stored in"
    yield sampling_lines(report)
    yield from report.notes


INT8_HOW = (
    "estimated: 1 byte a weight, 12 a channel for scale and zero point, 4 a bias, "
    "the graph as it is"
)
PACKED_HOW = "estimated: weights packed at their effective bits, the rest that is needed as it is"


def sampling_lines(report: SizeReport) -> str:
    """How many values were looked at."""
    if report.examined >= 1:
        return "levels counted in every value"
    return (
        f"levels counted in a sample of {100 * report.examined:.2g} % of the values; "
        "--exact counts in all"
    )


def _versus(report: SizeReport, other: int) -> str:
    ratio = report.size / max(1, other)
    return f"{ratio:.1f}x smaller" if ratio >= 1 else f"{1 / ratio:.1f}x larger"


def _roles(report: SizeReport) -> PlainTable:
    table = PlainTable("bytes by role")
    table.add_column("bytes", justify="right")
    table.add_column("share", justify="right")
    for role, count in report.roles.items():
        table.add_row(role.value, f"{count:,}", f"{100 * count / report.size:.1f} %")
    return table


def forms(tensors: Sequence[TensorReport]) -> dict[tuple[str, str], list[TensorReport]]:
    """Tensors by (stored form, what their values are on)."""
    by_form: dict[tuple[str, str], list[TensorReport]] = {}
    for one in tensors:
        tensor = one.tensor
        stored = f"packed {tensor.packed_bits}-bit" if tensor.packed_bits else tensor.dtype
        by_form.setdefault((stored, describe(one)), []).append(one)
    return by_form


def describe(one: TensorReport) -> str:
    """What the values of a tensor are on, in words."""
    levels = one.levels
    if levels is None:
        return one.tensor.note or ("packed" if one.tensor.packed_bits else "not looked at")
    if levels.grid is not None:
        grid = levels.grid
        symmetry = "symmetric" if grid.symmetric else "with zero points"
        return f"{grid}, {symmetry}" if grid.uniform else str(grid)
    if levels.narrow:
        return f"exactly {levels.narrow}"
    return "no grid"


def _weights(report: SizeReport) -> PlainTable:
    table = PlainTable("weights stored as", "values lie on")
    table.add_numbers("tensors", "weights", "bytes", "stored bits", "effective bits")
    for (stored, lies), tensors in forms(report.weights).items():
        count = sum(t.tensor.elements for t in tensors)
        held = sum(t.tensor.stored for t in tensors)
        needed = sum(t.tensor.elements * t.effective_bits for t in tensors) / max(1, count)
        table.add_row(
            stored, lies, f"{len(tensors):,}", f"{count:,}", f"{held:,}",
            f"{8 * held / max(1, count):.2f}", f"{needed:.2f}",
        )  # fmt: skip
    return table


def _tensors(tensors: Sequence[TensorReport]) -> PlainTable:
    table = PlainTable("tensor", "shape", "role", "stored as", "values lie on")
    table.add_numbers("bytes", "effective bits", "levels", "proved")
    for one in tensors:
        grid = one.levels.grid if one.levels is not None else None
        table.add_row(
            one.tensor.name, "x".join(map(str, one.tensor.shape)) or "scalar",
            f"= {one.duplicate_of}" if one.duplicate_of else one.role.value, one.tensor.dtype,
            describe(one), f"{one.tensor.stored:,}", f"{one.effective_bits:.2f}",
            f"{grid.levels:.1f} of {2**grid.bits}" if grid else "",
            f"{100 * grid.share:.0f} %" if grid else "",
        )  # fmt: skip
    return table


def comparison_table(reports: Sequence[SizeReport]) -> PlainTable:
    """Files side by side, by role, with the change from one to the next."""
    table = PlainTable("on disk, bytes")
    for report in reports:
        table.add_column(report.path, justify="right")
    if len(reports) == 2:
        table.add_column("change", justify="right")
    rows = [(role.value, [r.roles.get(role, 0) for r in reports]) for role in Role]
    rows = [(name, counts) for name, counts in rows if any(counts)]
    rows.append(("all", [r.size for r in reports]))
    for name, counts in rows:
        cells = [f"{count:,}" for count in counts]
        if len(reports) == 2:
            cells += [change(a, b) for a, b in pairwise(counts)]
        table.add_row(name, *cells, style="bold" if name == "all" else None)
    table.add_section()
    for name, values in (
        ("stored bits a weight", [r.stored_bits for r in reports]),
        ("effective bits a weight", [r.effective_bits for r in reports]),
    ):
        table.add_row(name, *(f"{v:.2f}" for v in values))
    return table


def change(before: int, after: int) -> str:
    """From one size to the next: `-74.8 %`."""
    if not before:
        return "new" if after else ""
    return f"{100 * (after - before) / before:+.1f} %"


def measures_table(
    reports: Sequence[SizeReport], measures: Sequence[Sequence[Measure]]
) -> PlainTable:
    """The four meanings of size side by side; sums of the generated code's parts."""
    table = PlainTable("where", "what")
    for report in reports:
        table.add_column(report.path, justify="right")
    if len(reports) == 2:
        table.add_column("change", justify="right")
    for where, what, counts in measure_rows(measures):
        cells = ["none" if count is None else f"{count:,}" for count in counts]
        if len(reports) == 2:
            before, after = counts
            cells.append("" if before is None or after is None else change(before, after))
        table.add_row(where, what, *cells)
    return table


def measure_rows(
    measures: Sequence[Sequence[Measure]],
) -> Iterator[tuple[str, str, list[int | None]]]:
    """Rows (where, what, bytes of each file), with a sum under the parts of generated code."""
    names = list(dict.fromkeys((m.where, m.what) for own in measures for m in own))
    by_place = [{(m.where, m.what): m.bytes for m in own} for own in measures]
    for where, what in names:
        yield where, what, [own.get((where, what)) for own in by_place]
    for where in ("flash", "RAM"):
        parts = [n for n in names if n[0] == where and n[1].startswith("generated")]
        if parts:
            yield (
                where,
                "generated code: all",
                [_sum([own.get(p) for p in parts]) for own in by_place],
            )


def _sum(values: Sequence[int | None]) -> int | None:
    known = [v for v in values if v is not None]
    return sum(known) if len(known) == len(values) else None


def how_lines(measures: Sequence[Sequence[Measure]]) -> Iterator[str]:
    """How each size was obtained, and why there is none."""
    every = [m for own in measures for m in own]
    ways: dict[str, list[str]] = {}
    for one in every:
        name = f"{one.where}, {one.what}"
        if one.bytes is not None and name not in ways.setdefault(one.how, []):
            ways[one.how].append(name)
    for how, names in ways.items():
        yield f"{'; '.join(names)}: {how}"
    for problem in dict.fromkeys(m.problem for m in every if m.problem):
        yield f"none: {problem}"

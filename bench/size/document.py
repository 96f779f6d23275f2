"""docs/SIZE.md: tables from the measurements, between what people wrote."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "SIZE.md"
RESULTS = Path(__file__).with_name("results.json")
BEGIN, END = "<!-- tables: python -m bench.size -->", "<!-- end of tables -->"
Row = Mapping[str, Any]


def document(rows: Sequence[Row], timings: Sequence[Row]) -> str:
    """The document with fresh tables. Raises ValueError when it has lost its marks."""
    text = DOCUMENT.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{DOCUMENT} has no {BEGIN} ... {END}")
    lines = [*_verdicts(rows), "", *_timings(timings)]
    return f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{after}"


def _verdicts(rows: Sequence[Row]) -> Iterator[str]:
    yield "| file | bytes | stored bits | effective bits | verdict | reason |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        if row["exit"]:
            yield f"| {row['file']} | | | | refused, exit code {row['exit']} | {row['reason']} |"
            continue
        also = f"; also: {', '.join(row['also'])}" if row["also"] else ""
        yield (
            f"| {row['file']} | {row['bytes']:,} | {row['stored']:.2f} | {row['effective']:.2f} | "
            f"{row['word']}{also} | {row['reason']} |"
        )


def _timings(timings: Sequence[Row]) -> Iterator[str]:
    yield (
        "| file | bytes | from the disk, s | from memory, s | CPU, s | library call, CPU s | "
        "only reading: disk, s | memory, s | peak memory, MB |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for row in timings:
        yield (
            f"| {row['file']} | {row['bytes']:,} | {row['cold']:.2f} | {row['seconds']:.2f} | "
            f"{row['cpu']:.2f} | {row['library']:.3f} | {row['disk']:.3f} | {row['cache']:.3f} | "
            f"{row['memory'] / 1e6:.0f} |"
        )

"""The frontier as a table and lines, and as CSV."""

import csv
import io
from collections.abc import Iterator

from rich.console import RenderableType

from qmcu.backdoor.rates import Rate
from qmcu.frontier import Frontier, Point
from qmcu.report.plain import PlainTable, line

HEADER = ("scheme", "file", "flash", "RAM", "instructions", "CA host", "CA device", "ASR host",
          "ASR device", "bits", "reach")  # fmt: skip
FREEDOM_HOW = (
    "bits: log2 of the float32 numbers in one rounding cell, mean over the weights; reach: how far "
    "rounding alone can move a class's mean logit, to first order, in mean margins of the decision"
)
FLASH_HOW = (
    "~ estimated for an interpreter on the device (TFLM); the rest is counted in map and ELF file "
    "and measured on the device"
)


def short(rate: Rate | None) -> str:
    """A rate in percent, or nothing."""
    return "" if rate is None else f"{100 * rate.value:.1f} %"


def row(point: Point) -> tuple[str, ...]:
    """One point's cells under HEADER."""
    device, estimate = point.device, point.interpreter
    if device is not None:
        sizes = (f"{device.flash:,}", f"{device.ram:,}", f"{device.count:,}")
    elif estimate is not None:
        sizes = (f"~ {estimate.flash:,}", f"~ {estimate.ram:,}", "")
    else:
        sizes = ("", "", "")
    return (
        point.title, f"{point.file_bytes:,}", *sizes, short(point.clean),
        short(device.clean) if device is not None else "", short(point.attack),
        short(device.attack) if device is not None else "",
        f"{point.freedom.bits:.1f}", f"{point.freedom.margins:.2f}",
    )  # fmt: skip


def frontier_lines(result: Frontier) -> Iterator[RenderableType]:
    """The table, what could not run and why, what the columns mean, the best points."""
    table = PlainTable(title=f"{result.model} on {result.board}")
    for name in HEADER:
        table.add_column(name, justify="left" if name == "scheme" else "right")
    best = result.best
    for point in result.points:
        table.add_row(*row(point), style="bold" if point.name in best else None)
    yield table
    yield from remarks(result)
    yield verdict(result)
    yield line((FREEDOM_HOW, "dim"))
    yield line((FLASH_HOW, "dim"))


def remarks(result: Frontier) -> Iterator[str]:
    """What did not run and why, and notes; schemes with the same remark together."""
    for titles, text in grouped_remarks(result):
        yield f"{'; '.join(titles)}: {text}."


def grouped_remarks(result: Frontier) -> list[tuple[tuple[str, ...], str]]:
    """The schemes' titles, and what is to be said about them."""
    titles_by_text: dict[str, list[str]] = {}
    for point in result.points:
        for text in filter(None, (point.problem, point.note)):
            titles_by_text.setdefault(text, []).append(point.title)
    for name, reason in result.skipped.items():
        titles_by_text.setdefault(f"not measured, {reason}", []).append(name)
    return [(tuple(titles), text) for text, titles in titles_by_text.items()]


def verdict(result: Frontier) -> str:
    """Which points no other beats, and whether device and host agree."""
    ran = [p for p in result.points if p.device is not None]
    equal = sum(p.device.equal for p in ran if p.device is not None)
    total = sum(p.device.vectors for p in ran if p.device is not None)
    if not ran:
        return "nothing ran on a device."
    names = ", ".join(p.title.replace(", ", " ") for p in result.unbeaten)
    return (
        f"no other beats in accuracy, flash and ASR at once: {names}; {equal:,} of {total:,} "
        "device outputs equal the host's in every byte."
    )


def frontier_csv(result: Frontier) -> str:
    """One line a point, plain numbers; empty where there is none."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow((
        "scheme", "weights", "activations", "defence", "file_bytes", "flash", "flash_how", "ram",
        "instructions", "ca_host", "ca_device", "asr_host", "asr_device", "hidden_bits",
        "reach_margins", "problem",
    ))  # fmt: skip
    for p in result.points:
        d, estimate = p.device, p.interpreter
        writer.writerow((
            p.name, p.weights, p.activations, p.defence, p.file_bytes,
            p.flash,
            "measured" if d else "estimated" if p.interpreter else "",
            d.ram if d else estimate.ram if estimate else None, d.count if d else None,
            p.clean.value, d.clean.value if d else None,
            p.attack.value if p.attack else None,
            d.attack.value if d and d.attack else None,
            p.freedom.bits, p.freedom.margins, p.problem,
        ))  # fmt: skip
    return stream.getvalue()

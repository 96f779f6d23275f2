"""The frontier as a page: one plot, one table, and how much each scheme leaves free."""

import math

from qmcu.backdoor.rates import Rate
from qmcu.frontier import Frontier, Point
from qmcu.report.frontier import (
    FLASH_HOW,
    FREEDOM_HOW,
    HEADER,
    grouped_remarks,
    row,
    short,
    verdict,
)
from qmcu.report.html.blocks import (
    Block,
    Cell,
    Dot,
    Page,
    Scatter,
    Section,
    Stat,
    Status,
    Table,
    Text,
    Tone,
)
from qmcu.report.html.sections import percent, sentence

_RATES_HOW = "Rates: the device's where it ran, the host's otherwise."
# From this attack success rate on a point is drawn as dangerous.
_DANGEROUS = 0.2


def frontier_page(result: Frontier) -> Page:
    """The page of one sweep."""
    attacked = any(p.attack is not None for p in result.points)
    plots: list[Block] = [_plot(result, attack=False)]
    if attacked:
        plots.append(_plot(result, attack=True))
    best = set(result.best)
    return Page(
        kind="frontier",
        title=f"{result.model} on {result.board}: accuracy, size, security",
        status=None if result.passed else Status("device and host differ", "bad"),
        summary=sentence(verdict(result)),
        stats=tuple(_stat(p) for p in result.unbeaten),
        sections=(
            Section("The frontier", "Every scheme by what it costs in flash.", tuple(plots)),
            Section("Figures", "", (_table(result, best), _remarks(result))),
            Section(
                "What could be hidden",
                "Every float weight inside the cell of a stored number is stored as that number, "
                "so it can be chosen at will. " + sentence(FREEDOM_HOW),
                (_freedom(result),),
            ),
        ),
        provenance=(
            *result.origin.items(),
            ("sizes", FLASH_HOW),
            *((p.title, f"{p.host}, model {p.sha256}") for p in result.points),
            *((p.title, f"{p.device.device}, {p.device.unit} {p.device.how}")
              for p in result.points if p.device is not None),
        ),
    )  # fmt: skip


def _stat(point: Point) -> Stat:
    assert point.device is not None
    attack = point.device.attack
    note = f"{point.device.flash:,} bytes of flash"
    if attack is not None:
        note += f", ASR\N{NO-BREAK SPACE}{short(attack)}".replace(" %", "\N{NO-BREAK SPACE}%")
    return Stat(point.title, short(point.device.clean), note, _tone(attack))


def _tone(attack: Rate | None) -> Tone:
    if attack is None:
        return "clean"
    return "bad" if attack.value >= _DANGEROUS else "good"


def _plot(result: Frontier, *, attack: bool) -> Block:
    dots = []
    for point in result.points:
        rate = (point.device or point).attack if attack else (point.device or point).clean
        if point.flash is None or rate is None:
            continue
        low, high = rate.wilson95
        measured = point.device is not None
        value = f"{percent(rate)}, {'' if measured else '~ '}{point.flash:,} bytes"
        dots.append(
            Dot(point.title, point.flash, rate.value, low, high, _tone(point.attack), value,
                hollow=not measured)
        )  # fmt: skip
    if not dots:
        return Text("Nothing to plot: no scheme has a flash size.", "warn")
    what = "Attack success rate (ASR)" if attack else "Clean accuracy (CA)"
    red = f"; red: ASR of {100 * _DANGEROUS:.0f} % or more" if result.points[0].attack else ""
    caption = f"{what} with 95 % intervals (Wilson) against flash{red}"
    # Accuracies differ by little: the plot begins below the lowest. ASR is shown from zero.
    bottom = 0.0 if attack else max(0.0, math.floor(20 * min(d.low for d in dots)) / 20)
    bottom = min(bottom, 0.95)
    return Scatter(caption, "bytes of flash", tuple(dots),
                   "hollow: estimated for an interpreter, rate of the host; points of one size "
                   "stand side by side", bottom)  # fmt: skip


def _table(result: Frontier, best: set[str]) -> Table:
    rows = []
    for point in result.points:
        # What could be hidden has a table of its own.
        first, *sizes = row(point)[:5]
        others = [*sizes, *_rates(point)]
        badge = Cell("not beaten", status="good") if point.name in best else Cell("")
        if point.device is None:
            badge = Cell("not on this device", status="warn")
        rows.append((Cell(first), *(Cell(text, number=True) for text in others), badge))
    attacked = any(p.attack is not None for p in result.points)
    header = (*HEADER[:5], "CA", *(("ASR",) if attacked else ()), "judgement")
    return Table(f"Sizes in bytes; {FLASH_HOW}. {_RATES_HOW}", header, tuple(rows))


def _rates(point: Point) -> list[str]:
    """Clean accuracy and, with a trigger, ASR: the device's, and the host's if it differs."""
    shown = []
    for name in ("clean", "attack"):
        host = getattr(point, name)
        if host is None:
            continue
        own = host if point.device is None else getattr(point.device, name)
        differs = (own.count, own.total) != (host.count, host.total)
        shown.append(short(own) + (f" (host {short(host)})" if differs else ""))
    return shown


def _remarks(result: Frontier) -> Table:
    lines = list(grouped_remarks(result))
    unplotted = tuple(p.title for p in result.points if p.flash is None)
    if unplotted:
        lines.append((unplotted, "not in the plots, for nothing gives their flash"))
    rows = tuple((Cell("; ".join(titles)), Cell(sentence(text))) for titles, text in lines)
    return Table("Remarks", ("scheme", "remark"), rows)


def _freedom(result: Frontier) -> Table:
    rows = tuple(
        (
            Cell(p.title), Cell(p.weights), Cell(p.activations),
            Cell(f"{p.freedom.bits:.1f}", number=True),
            Cell(f"{p.freedom.reach:.3f}", number=True),
            Cell(f"{p.freedom.margins:.2f}", number=True,),
        )
        for p in result.points
    )  # fmt: skip
    margin = result.points[0].freedom.margin
    return Table(
        f"Of the format, whatever was done with it; the mean margin is {margin:.2f} logits",
        ("scheme", "weights", "activations", "hidden bits a weight", "reach in logits",
         "reach in margins"),
        rows,
    )  # fmt: skip

"""What a page is made of, as plain data; each block is drawn by the template of its name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

# Colours by meaning; one to eight are for things that have only a name.
Tone = Literal[
    "neutral", "clean", "attack", "good", "warn", "bad",
    "one", "two", "three", "four", "five", "six", "seven", "eight",
]  # fmt: skip


@dataclass(frozen=True)
class Status:
    """A word with a colour, such as a verdict; the word alone must say it."""

    word: str
    tone: Tone


@dataclass(frozen=True)
class Stat:
    """One figure at the top of a page: `value` large, `label` above, `note` below."""

    label: str
    value: str
    note: str = ""
    tone: Tone = "neutral"


@dataclass(frozen=True)
class Cell:
    """A table's cell; `number` sets it to the right, `status` draws a badge, `link` an address."""

    text: str
    number: bool = False
    status: Tone | None = None
    link: str = ""


@dataclass(frozen=True)
class Text:
    """A paragraph; a `warn` or `bad` one stands out."""

    template: ClassVar[str] = "text"
    text: str
    tone: Tone = "neutral"


@dataclass(frozen=True)
class Table:
    """Rows under a header; the first cell of a row names it."""

    template: ClassVar[str] = "table"
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Bar:
    """A share from 0 to 1 with its interval, `low` to `high`; `value` says it in words."""

    label: str
    share: float
    low: float
    high: float
    value: str
    tone: Tone


@dataclass(frozen=True)
class Bars:
    """Horizontal bars from 0 to 100 %, with whiskers; `mark` is a threshold line."""

    template: ClassVar[str] = "bars"
    caption: str
    bars: tuple[Bar, ...]
    mark: float | None = None
    mark_label: str = ""

    @property
    def description(self) -> str:
        """The figure in words."""
        shown = "; ".join(f"{bar.label}: {bar.value}" for bar in self.bars)
        mark = "" if self.mark is None else f" {self.mark_label}: {100 * self.mark:.1f} %."
        return f"{self.caption}. {shown}.{mark}"


@dataclass(frozen=True)
class Picture:
    """A picture as a `data:` address (PNG) with `alt` in words; lines of text below it."""

    source: str
    alt: str
    title: str = ""
    lines: tuple[Cell, ...] = ()
    # A drawing is scaled smoothly, an image of few pixels is not.
    pixelated: bool = True


@dataclass(frozen=True)
class Gallery:
    """Pictures side by side."""

    template: ClassVar[str] = "gallery"
    caption: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Series:
    """One histogram: `counts` per bin, drawn as a share of their sum."""

    label: str
    counts: tuple[int, ...]
    tone: Tone

    @property
    def shares(self) -> tuple[float, ...]:
        """Each bin's share of all; zeros for an empty series."""
        total = sum(self.counts)
        return tuple(count / total if total else 0.0 for count in self.counts)


@dataclass(frozen=True)
class Histogram:
    """Histograms over the same bins between `low` and `high`, laid over each other."""

    template: ClassVar[str] = "histogram"
    caption: str
    low: float
    high: float
    unit: str
    series: tuple[Series, ...]

    @property
    def top(self) -> float:
        """The highest share, above 0."""
        return max((max(s.shares, default=0.0) for s in self.series), default=0.0) or 1.0

    @property
    def description(self) -> str:
        """The figure in words: where each series has its most and its spread."""
        found = []
        for series in self.series:
            bins = len(series.counts)
            width = (self.high - self.low) / max(1, bins)
            peak = max(range(bins), key=lambda i: series.counts[i], default=0)
            centre = self.low + (peak + 0.5) * width
            share = max(series.shares, default=0.0)
            found.append(
                f"{series.label}: {sum(series.counts):,} values, highest bin "
                f"{100 * share:.1f} % at {centre:.2f}"
            )
        return (
            f"{self.caption}. {'; '.join(found)}; equally spread would be {100 / bins:.1f} % a bin."
        )


@dataclass(frozen=True)
class Curve:
    """One value for each step of time."""

    label: str
    values: tuple[float, ...]
    tone: Tone


@dataclass(frozen=True)
class Lines:
    """Curves from 0 up over the same steps; `ends` say when the first and the last were."""

    template: ClassVar[str] = "lines"
    caption: str
    curves: tuple[Curve, ...]
    ends: tuple[str, str]
    percent: bool = False

    @property
    def top(self) -> float:
        """The highest value, above 0."""
        return max((v for curve in self.curves for v in curve.values), default=0.0) or 1.0

    def label(self, share: float) -> str:
        """The value at a share of the height."""
        value = self.top * share
        return f"{100 * value:.3g} %" if self.percent else f"{value:.3g}"

    def path(self, curve: Curve, width: float, height: float) -> str:
        """The SVG path of a curve in a box of `width` x `height`; one value is a level line."""
        values = curve.values * 2 if len(curve.values) == 1 else curve.values
        step = width / max(1, len(values) - 1)
        places = [
            f"{i * step:.1f} {height - height * value / self.top:.1f}"
            for i, value in enumerate(values)
        ]
        return "M" + "L".join(places) if places else ""

    @property
    def description(self) -> str:
        """The figure in words."""
        scale, unit = (100, " %") if self.percent else (1, "")
        found = [
            f"{c.label}: last {scale * c.values[-1]:.3g}{unit}, "
            f"highest {scale * max(c.values):.3g}{unit}"
            for c in self.curves
            if c.values
        ]
        return f"{self.caption}, {self.ends[0]} to {self.ends[1]}. {'; '.join(found)}."


@dataclass(frozen=True)
class Dot:
    """A point at (x, y) with y's interval; `hollow` where x is an estimate."""

    label: str
    x: float
    y: float
    low: float
    high: float
    tone: Tone
    value: str
    hollow: bool = False


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


# The least distance of two dots, a share of the x axis: room for a number above each.
_GAP = 0.026


@dataclass(frozen=True)
class Scatter:
    """Numbered points, y a share from `bottom` to 1 against x from 0; a list names them."""

    template: ClassVar[str] = "scatter"
    caption: str
    x_label: str
    dots: tuple[Dot, ...]
    hollow_label: str = ""
    bottom: float = 0.0

    def height(self, share: float) -> float:
        """Where a share lies between bottom (0) and top (1) of the plot."""
        return (share - self.bottom) / (1 - self.bottom)

    @property
    def right(self) -> float:
        """The end of the x axis: a round number beyond all points."""
        top = max((dot.x for dot in self.dots), default=0.0) * 1.05 or 1.0
        unit = float(10 ** (len(f"{top:.0f}") - 1))
        return next(unit * n for n in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if unit * n >= top)

    @property
    def places(self) -> tuple[float, ...]:
        """Where each dot stands on the x axis, 0 to 1: dots of one x side by side.

        Each as near to its x as a gap between all allows (isotonic regression, pooled).
        """
        order = sorted(range(len(self.dots)), key=lambda i: (self.dots[i].x, i))
        pools: list[list[float]] = []
        for rank, index in enumerate(order):
            pools.append([self.dots[index].x / self.right - _GAP * rank])
            while len(pools) > 1 and _mean(pools[-2]) >= _mean(pools[-1]):
                pools[-2:] = [pools[-2] + pools[-1]]
        spread = [_mean(pool) for pool in pools for _ in pool]
        place_of = {index: spread[rank] + _GAP * rank for rank, index in enumerate(order)}
        return tuple(place_of[i] for i in range(len(self.dots)))

    @property
    def description(self) -> str:
        """The figure in words."""
        return f"{self.caption}. " + "; ".join(f"{d.label}: {d.value}" for d in self.dots) + "."


@dataclass(frozen=True)
class Stack:
    """One memory or file: pieces of `used` bytes out of `size`, each with a name and a colour.

    The bar's full width is `scale` bytes, or what is in use; `title` replaces how much that is.
    """

    label: str
    size: int
    used: int
    pieces: tuple[tuple[str, int, Tone], ...]
    scale: int = 0
    title: str = ""


@dataclass(frozen=True)
class Stacks:
    """Memory maps, one bar a memory, drawn over what is in use."""

    template: ClassVar[str] = "stacks"
    caption: str
    stacks: tuple[Stack, ...]


@dataclass(frozen=True)
class Tile:
    """A piece of a treemap, in the group that gives its colour; sizes in bytes."""

    group: str
    label: str
    size: int
    tone: Tone


@dataclass(frozen=True)
class Treemap:
    """Areas in proportion to bytes, pieces of a group side by side."""

    template: ClassVar[str] = "treemap"
    caption: str
    tiles: tuple[Tile, ...]

    @property
    def total(self) -> int:
        """Bytes of all pieces."""
        return sum(tile.size for tile in self.tiles)

    @property
    def groups(self) -> tuple[tuple[str, int, Tone], ...]:
        """(group, bytes, colour), the largest first."""
        sizes: dict[tuple[str, Tone], int] = {}
        for tile in self.tiles:
            sizes[tile.group, tile.tone] = sizes.get((tile.group, tile.tone), 0) + tile.size
        ordered = sorted(sizes.items(), key=lambda pair: -pair[1])
        return tuple((group, size, tone) for (group, tone), size in ordered)


Block = Text | Table | Bars | Gallery | Histogram | Lines | Scatter | Stacks | Treemap


@dataclass(frozen=True)
class Section:
    """A heading, a sentence or two, and blocks."""

    title: str
    text: str
    blocks: tuple[Block, ...]

    @property
    def anchor(self) -> str:
        """The heading as an element's id."""
        return "".join(c if c.isalnum() else "-" for c in self.title.lower()).strip("-")


@dataclass(frozen=True)
class Page:
    """A report: what was judged, the verdict in one sentence, figures, sections, and its origin.

    `provenance` are (what, value) pairs: versions, hashes, files.
    """

    kind: str
    title: str
    status: Status | None
    summary: str
    stats: tuple[Stat, ...]
    sections: tuple[Section, ...]
    provenance: tuple[tuple[str, str], ...]

"""The memory report: every byte of flash and RAM, once, with what it is for.

The linker map says which object contributed which bytes, the ELF file what is loaded and what
only occupies RAM, the plan which layer and role a constant has. Nothing is estimated.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from qmcu.builder.classify import (
    AND_MODEL,
    OF_MODEL,
    PADDING,
    Category,
    Piece,
    Purpose,
    classify,
    is_model_object,
    owners_by_model,
)
from qmcu.builder.elf_layout import ElfLayout, Section, Symbol
from qmcu.builder.linker_map import FILL, InputSection, LinkerMap, Region, memory_words
from qmcu.codegen.models import Models
from qmcu.compile.plan import Plan
from qmcu.errors import ToolError
from qmcu.types import Count, ImageSha256, Sha256

# The runtime's objects that hash the image in flash, for HELLO.
_PROOF = ("image", "sha256")


@dataclass(frozen=True)
class MemoryEntry:
    """Bytes of one memory region with one purpose; `role` is for constants only."""

    region: str
    category: Category
    item: str
    role: str
    size: Count


@dataclass(frozen=True)
class RegionUse:
    """One memory of the board: `kind` is flash, RAM, external flash or external RAM; bytes."""

    name: str
    kind: str
    origin: Count
    size: Count
    used: Count

    @property
    def headroom(self) -> int:
        """Bytes that are free."""
        return self.size - self.used


@dataclass(frozen=True)
class MemoryReport:
    """Flash and RAM of one firmware image, sizes in bytes; the entries of a region add up to it.

    `tools` says which versions of which programs made and counted the image. `image_sha256` is that
    of its parts in flash, as the firmware tells it.
    """

    board: str
    model: str
    model_sha256: Sha256
    kernels: str
    arena_lower_bound: Count
    macs: Count
    regions: tuple[RegionUse, ...]
    entries: tuple[MemoryEntry, ...]
    tools: Mapping[str, str]
    image_sha256: ImageSha256

    def used(self, kind: str) -> int:
        """Bytes in use in all memories of a kind (`flash`, `RAM`, `external flash` or so)."""
        return sum(r.used for r in self.regions if r.kind == kind)

    def total(self, category: Category, kind: str = "") -> int:
        """Bytes of a category, everywhere or in memories of one kind."""
        names = {r.name for r in self.regions if not kind or r.kind == kind}
        return sum(e.size for e in self.entries if e.category == category and e.region in names)

    @property
    def code(self) -> int:
        """Flash bytes that are not the model's constants."""
        return self.used("flash") - self.total(Category.CONSTANTS, "flash")

    @property
    def proof(self) -> int:
        """Flash bytes of that code by which HELLO proves the image: its parts and their SHA-256."""
        flash = {r.name for r in self.regions if r.kind == "flash"}
        return sum(
            e.size
            for e in self.entries
            if e.category == Category.RUNTIME and e.item in _PROOF and e.region in flash
        )

    def __str__(self) -> str:
        uses = ", ".join(f"{r.name} {r.used:,} of {r.size:,} bytes" for r in self.regions)
        return f"{self.model} on {self.board}: {uses}"


@dataclass(frozen=True)
class _Span:
    """Bytes at an address with a purpose, before they are added up."""

    address: int
    size: int
    purpose: Purpose
    alignment: int = 1

    @property
    def end(self) -> int:
        return self.address + self.size


def memory_report(
    linker_map: LinkerMap,
    layout: ElfLayout,
    models: Models,
    board: str,
    tools: Mapping[str, str],
    image_sha256: str = "",
) -> MemoryReport:
    """Account for every byte. Raises ToolError when a section lies outside every memory."""
    plan, owners = models.whole, owners_by_model(models)
    spans: list[_Span] = []
    for section in layout.sections:
        run = list(_section_spans(section, linker_map.inputs, layout.symbols, owners))
        spans += run
        if section.load_address is not None and section.load_address != section.address:
            spans += _load_spans(run, section, section.load_address)
    regions, entries = [], []
    for region in linker_map.regions:
        inside = sorted((s for s in spans if region.holds(s.address)), key=lambda s: s.address)
        inside += _gaps(inside, region)
        entries += _entries(region.name, inside)
        used = sum(s.size for s in inside)
        kind = memory_words(region.name)
        regions.append(RegionUse(region.name, kind, region.origin, region.length, used))
    lost = sum(s.size for s in spans if not any(r.holds(s.address) for r in linker_map.regions))
    if lost:
        raise ToolError(f"{lost} bytes of the image lie outside every memory of the linker map.")
    return MemoryReport(
        board=board,
        model=plan.name,
        model_sha256=plan.model_sha256,
        kernels=plan.kernels,
        arena_lower_bound=plan.arena_lower_bound,
        macs=plan.macs,
        regions=tuple(regions),
        entries=tuple(entries),
        tools=dict(tools),
        image_sha256=image_sha256,
    )


def memory_of_model(
    report: MemoryReport, plan: Plan, others: frozenset[str], kernels: frozenset[str]
) -> MemoryReport:
    """Of the report of an image of several models what serves the one of `plan`.

    That is everything but what `others`, the models beside it, have for themselves, and kernels
    that are not among `kernels`, the names of its own; of a shared arena the part that it uses.
    """
    kept: list[MemoryEntry] = []
    for entry in report.entries:
        users, found, item = entry.item.partition(OF_MODEL)
        named = users.split(AND_MODEL) if found else []
        if named and plan.name not in named and others.issuperset(named):
            continue
        if entry.category == Category.KERNEL and entry.item not in kernels:
            continue
        size = min(entry.size, plan.arena_size) if entry.category == Category.ARENA else entry.size
        kept.append(replace(entry, item=item if named else entry.item, size=size))
    return replace(
        report,
        model=plan.name,
        model_sha256=plan.model_sha256,
        arena_lower_bound=plan.arena_lower_bound,
        macs=plan.macs,
        regions=tuple(
            replace(region, used=sum(e.size for e in kept if e.region == region.name))
            for region in report.regions
        ),
        entries=tuple(kept),
    )


def _section_spans(
    section: Section,
    inputs: Sequence[InputSection],
    symbols: Sequence[Symbol],
    owners: Mapping[str, Purpose],
) -> Iterator[_Span]:
    """The section cut into pieces without overlap or gap, each with its purpose."""
    pieces = [i for i in inputs if i.output == section.name and i.name != FILL]
    pieces = [i for i in pieces if section.address <= i.address < section.end]
    at = section.address
    for start, piece, following in _with_next(sorted(pieces, key=lambda i: i.address), section.end):
        yield from _fill(section, at, start)
        # A string merged into an earlier one keeps its old size in the map: the next piece cuts it.
        end = min(piece.end, following)
        if is_model_object(piece.source):
            yield from _model_spans(section, piece, start, end, symbols, owners)
        elif end > start:
            purpose = classify(Piece(section.name, piece.name, piece.source), owners)
            yield _Span(start, end - start, purpose, section.alignment)
        at = max(at, end)
    yield from _fill(section, at, section.end)


def _with_next(pieces: Sequence[InputSection], end: int) -> Iterator[tuple[int, InputSection, int]]:
    """(start, piece, start of the next piece or `end`)."""
    bounds = [piece.address for piece in pieces] + [end]
    for piece, following in zip(pieces, bounds[1:], strict=True):
        yield piece.address, piece, following


def _fill(section: Section, start: int, end: int) -> Iterator[_Span]:
    if end > start:
        purpose = Purpose(Category.STACK) if section.name == ".stack" else PADDING
        yield _Span(start, end - start, purpose, section.alignment)


def _model_spans(
    section: Section,
    piece: InputSection,
    start: int,
    end: int,
    symbols: Sequence[Symbol],
    owners: Mapping[str, Purpose],
) -> Iterator[_Span]:
    """One object's section cut at its symbols; what is between them is padding or code."""

    def named(symbol: str) -> Purpose:
        return classify(Piece(section.name, piece.name, piece.source, symbol), owners)

    constants = piece.name.startswith((".rodata", ".qmcu_external_flash"))
    between = PADDING if constants else named("")
    at = start
    for symbol in symbols:
        if start <= symbol.address < end and symbol.address >= at:
            if symbol.address > at:
                yield _Span(at, symbol.address - at, between, section.alignment)
            size = min(symbol.size, end - symbol.address)
            yield _Span(symbol.address, size, named(symbol.name), section.alignment)
            at = symbol.address + size
    if end > at:
        yield _Span(at, end - at, between, section.alignment)


def _load_spans(run: Sequence[_Span], section: Section, load_address: int) -> Iterator[_Span]:
    """The copy in flash of a section that is moved to RAM at start."""
    for span in run:
        purpose = span.purpose
        if purpose is not PADDING:
            purpose = Purpose(Category.INITIAL, purpose.item or purpose.category.value)
        address = span.address - section.address + load_address
        yield _Span(address, span.size, purpose, section.alignment)


def _gaps(spans: Sequence[_Span], region: Region) -> Iterator[_Span]:
    """Unused bytes between spans that belong to the image.

    In flash that is every gap, for the image is one block; in RAM only what alignment costs.
    """
    if not spans:
        return
    at = spans[0].address if region.writable else region.origin
    for span in spans:
        gap = span.address - at
        if gap > 0 and (not region.writable or gap < span.alignment):
            yield _Span(at, gap, PADDING)
        at = max(at, span.end)


def _entries(region: str, spans: Sequence[_Span]) -> list[MemoryEntry]:
    sizes: dict[Purpose, int] = {}
    for span in spans:
        sizes[span.purpose] = sizes.get(span.purpose, 0) + span.size
    categories = list(Category)
    return [
        MemoryEntry(region, purpose.category, purpose.item, purpose.role, sizes[purpose])
        for purpose in sorted(sizes, key=lambda purpose: categories.index(purpose.category))
    ]

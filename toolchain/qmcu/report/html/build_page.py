"""A firmware image as a page: what its bytes are for, by layer, kernel and symbol."""

from qmcu.builder import Category, MemoryReport
from qmcu.builder.savings import LayerUse, layer_uses
from qmcu.compile.plan import Plan
from qmcu.report.html.blocks import Block, Cell, Page, Section, Stat, Table, Tile, Tone, Treemap
from qmcu.report.html.sections import CATEGORY_TONES


def build_page(plan: Plan, report: MemoryReport) -> Page:
    """The page of one build."""
    uses = layer_uses(plan, report)
    maps = tuple(_treemap(report, region.name) for region in report.regions if region.used)
    return Page(
        kind="build",
        title=f"{report.model} on {report.board}",
        status=None,
        summary=f"{report}; {report.kernels} kernels, {report.macs:,} multiply-accumulates.",
        stats=tuple(
            Stat(
                r.name,
                f"{r.used:,}",
                f"{100 * r.used / r.size:.1f} % of {r.size:,} bytes",
                "bad" if r.used > r.size else "good",
            )
            for r in report.regions
        ),
        sections=(
            Section(
                "Where every byte goes",
                "Areas are bytes, every byte once; a layer's constants each have a tile.",
                maps,
            ),
            Section("Layers", "", (_layers(uses), _savings(uses))),
            Section("Symbols and objects", "", tuple(_entries(report))),
        ),
        provenance=(
            ("how", "counted in linker map and ELF file; savings are estimated"),
            *report.tools.items(),
            ("model", report.model_sha256),
        ),
    )


def _treemap(report: MemoryReport, region: str) -> Block:
    tiles = tuple(
        Tile(e.category.value, " ".join(filter(None, (e.item, e.role))) or e.category.value,
             e.size, _tone(e.category))
        for e in report.entries
        if e.region == region and e.size
    )  # fmt: skip
    return Treemap(f"{region}: what its bytes are for, counted in map and ELF file", tiles)


def _tone(category: Category) -> Tone:
    return CATEGORY_TONES.get(category, "eight")


def _number(value: int) -> Cell:
    return Cell(f"{value:,}" if value else "", number=True)


def _layers(uses: tuple[LayerUse, ...]) -> Table:
    rows = tuple(
        (Cell(u.layer), Cell(u.kernel), _number(u.constants), _number(u.weights),
         _number(u.kernel_bytes), _number(u.live))
        for u in uses
    )  # fmt: skip
    return Table(
        "Bytes by layer, counted; kernel code where no other layer calls it; arena in use while "
        "the layer runs",
        ("layer", "kernel", "constants", "of them weights", "own kernel code", "arena in use"),
        rows,
    )


def _savings(uses: tuple[LayerUse, ...]) -> Table:
    rows = tuple(
        (Cell(u.layer), _number(u.pruned), _number(u.int4), _number(u.shared), Cell(u.shared_with))
        for u in uses
        if u.weights
    )
    return Table(
        "Flash that a change of one layer would save, estimated: half of its output channels "
        "pruned (the next layer's savings not counted); weights packed to int4; "
        "weights shared with an earlier layer of the same size",
        ("layer", "half pruned", "int4", "shared", "shared with"),
        rows,
    )


def _entries(report: MemoryReport) -> list[Table]:
    tables = []
    for region in report.regions:
        rows = tuple(
            (
                Cell(e.item or e.category.value),
                Cell(e.category.value),
                Cell(e.role),
                _number(e.size),
            )
            for e in sorted(report.entries, key=lambda e: -e.size)
            if e.region == region.name
        )
        if rows:
            tables.append(
                Table(f"{region.name}, the largest first", ("item", "what", "role", "bytes"), rows)
            )
    return tables

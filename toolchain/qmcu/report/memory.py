"""Tables of the memory report."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType

from qmcu.builder import Category, MemoryEntry, MemoryReport, RegionUse
from qmcu.report.plain import PlainTable, line

_CONSTANT_ROLES = ("weights", "bias", "requantization", "table", "data", "parameters")


def memory_tables(report: MemoryReport) -> Iterator[RenderableType]:
    """One table of the memories, one of each memory's content, one of the constants by layer."""
    yield line((report.model, "bold"), f" on {report.board}, {report.kernels} kernels")
    yield _regions(report)
    for region in report.regions:
        if region.used:
            yield _content(report, region)
    yield _constants(report)
    yield (
        f"arena: {report.total(Category.ARENA):,} bytes with alignment; "
        f"lower bound of whole tensors {report.arena_lower_bound:,} bytes"
    )
    yield line((provenance(report), "dim"))


def summary_lines(report: MemoryReport) -> Iterator[str]:
    """A short summary: each memory, and what is in it at one glance."""
    names = {region.name: region.name.replace("_", " ") for region in report.regions}
    width = max(6, *map(len, names.values()))
    for region in report.regions:
        yield (
            f"  {names[region.name]:<{width}} {region.used:>9,} of {region.size:>9,} bytes "
            f"({region.used / region.size:6.1%}), {region.headroom:,} free"
        )
    constants = report.total(Category.CONSTANTS, "flash")
    yield f"  flash is {report.code:,} bytes of code and tables and {constants:,} of constants"
    outside = report.total(Category.CONSTANTS, "external flash")
    if outside:
        yield f"  external flash holds {outside:,} bytes of constants"
    yield f"  RAM holds {_ram_content(report, 'RAM')}"
    if report.used("external RAM"):
        yield f"  external RAM holds {_ram_content(report, 'external RAM')}"


def _ram_content(report: MemoryReport, kind: str) -> str:
    """What a kind of RAM holds, in words; the stack is only in the chip's own."""
    arena, state, stack = (
        report.total(category, kind)
        for category in (Category.ARENA, Category.STATE, Category.STACK)
    )
    parts = [f"an arena of {arena:,} bytes"] if arena else []
    if state:
        unit = "" if parts else " bytes"
        parts.append(f"{state:,}{unit} of state that outlives an inference")
    kept = ", ".join(parts)
    if not stack:
        return kept
    return f"{kept} and reserves {stack:,} for the stack" if kept else f"{stack:,} for the stack"


def models_table(reports: Sequence[MemoryReport]) -> PlainTable:
    """Of the models of one image: what serves each; kernels, stack and runtime serve them all."""
    table = PlainTable("model", title="memory by model, in bytes")
    table.add_numbers("constants", "calls", "kernels", "arena", "state", "flash", "RAM", "MACs")
    for report in reports:
        sizes = [
            report.total(category)
            for category in (Category.CONSTANTS, Category.MODEL_CODE, Category.KERNEL,
                             Category.ARENA, Category.STATE)
        ]  # fmt: skip
        uses = [report.used("flash"), report.used("RAM"), report.macs]
        table.add_row(report.model, *(f"{size:,}" for size in sizes + uses))
    return table


def provenance(report: MemoryReport) -> str:
    """How the figures were obtained."""
    tools = report.tools
    return (
        f"counted in linker map and ELF file of {tools.get('compiler', 'an unknown compiler')}"
        f" by pyelftools {tools.get('pyelftools', '?')}, qmcu {tools.get('qmcu', '?')}"
    )


def _regions(report: MemoryReport) -> PlainTable:
    table = PlainTable("memory", title="memories, in bytes")
    table.add_numbers("start", "size", "used", "used %", "free")
    for region in report.regions:
        table.add_row(
            region.name,
            f"0x{region.origin:08x}",
            f"{region.size:,}",
            f"{region.used:,}",
            f"{region.used / region.size:.1%}",
            f"{region.headroom:,}",
        )
    return table


def _content(report: MemoryReport, region: RegionUse) -> PlainTable:
    table = PlainTable("what", "item", title=f"{region.name}: every byte once")
    table.add_column("bytes", justify="right")
    for category in Category:
        entries = [e for e in report.entries if e.region == region.name and e.category == category]
        for number, (item, size) in enumerate(_by_item(entries)):
            table.add_row(category.value if number == 0 else "", item, f"{size:,}")
    table.add_section()
    table.add_row("total", "", f"{region.used:,}", style="bold")
    return table


def _by_item(entries: list[MemoryEntry]) -> list[tuple[str, int]]:
    sizes: dict[str, int] = {}
    for entry in entries:
        sizes[entry.item] = sizes.get(entry.item, 0) + entry.size
    layers_first = {e.item for e in entries if e.category == Category.CONSTANTS} - {"model"}
    return sorted(sizes.items(), key=lambda pair: pair[0] if pair[0] in layers_first else "~")


def _constants(report: MemoryReport) -> PlainTable:
    entries = [e for e in report.entries if e.category == Category.CONSTANTS]
    found = {e.role for e in entries}
    roles = [role for role in _CONSTANT_ROLES if role in found]
    roles += sorted(found - set(roles))
    table = PlainTable("layer", title="constants by layer and role, in bytes")
    table.add_numbers(*roles, "total")
    layers = sorted({e.item for e in entries}, key=lambda item: (item == "model", item))
    for layer in layers:
        sizes = {e.role: e.size for e in entries if e.item == layer}
        cells = [f"{sizes[role]:,}" if role in sizes else "" for role in roles]
        table.add_row(layer, *cells, f"{sum(sizes.values()):,}")
    table.add_section()
    totals = [sum(e.size for e in entries if e.role == role) for role in roles]
    table.add_row("total", *(f"{t:,}" for t in totals), f"{sum(totals):,}", style="bold")
    return table

"""Benchmarks as a page: kernel sets side by side, and the share of each layer."""

from collections.abc import Sequence

from qmcu.benchmark import Benchmark
from qmcu.report.benchmark import cycles, label
from qmcu.report.html.blocks import Bar, Bars, Block, Cell, Page, Section, Stat, Table


def benchmark_page(results: Sequence[Benchmark]) -> Page:
    """One section for each model."""
    models = list(dict.fromkeys(r.model for r in results))
    equal = sum(r.equal for r in results)
    total = sum(r.vectors for r in results)
    sections = [_section(name, [r for r in results if r.model == name]) for name in models]
    return Page(
        kind="benchmark",
        title=f"{', '.join(models)} on {results[0].board}",
        status=None,
        summary=f"One inference of each model with each kernel set, on {results[0].device}.",
        stats=(
            Stat(
                "outputs equal",
                f"{equal} of {total}",
                "to the tflite-micro interpreter",
                "good" if equal == total else "bad",
            ),
        ),
        sections=tuple(sections),
        provenance=(("board", results[0].board), ("device", results[0].device)),
    )


def _section(name: str, results: Sequence[Benchmark]) -> Section:
    header = ("kernels", "count", "M4 cycles", "M7 cycles", "flash", "RAM", "arena", "bound")
    rows = tuple(
        (
            Cell(label(r)),
            Cell(f"{r.count:,}", number=True),
            Cell(cycles(r, "cortex-m4"), number=True),
            Cell(cycles(r, "cortex-m7"), number=True),
            *(Cell(f"{n:,}", number=True) for n in (r.flash, r.ram, r.arena, r.bound)),
        )
        for r in results
    )
    origin = (
        f"Count: {results[0].unit} {results[0].how}. Cycles are estimated by Arm's timings without "
        "wait states. Sizes in bytes, from linker map and ELF file."
    )
    blocks: tuple[Block, ...] = (
        Table("One inference", header, rows),
        *(_layers(r) for r in results),
    )
    return Section(name, origin, blocks)


def _layers(result: Benchmark) -> Bars:
    bars = []
    for layer in result.layers:
        share = layer.count / result.count if result.count else 0.0
        value = f"{share:.1%}, {layer.count:,}"
        bars.append(Bar(f"{layer.layer} ({layer.kernel})", share, share, share, value, "one"))
    return Bars(f"{label(result)}: share of each layer", tuple(bars))

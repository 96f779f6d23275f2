"""Benchmarks as tables: kernel sets side by side, and layer by layer."""

from collections.abc import Iterator, Sequence

from qmcu.benchmark import Benchmark
from qmcu.benchmark.flash_waits import NO_WAITS, FlashWaits
from qmcu.report.plain import PlainTable, lines_of
from qmcu.resources import page


def label(result: Benchmark) -> str:
    """Kernel set, and what it favours where there is a choice."""
    return f"{result.kernels}, {result.optimize}" if result.kernels == "native" else result.kernels


def cycles(result: Benchmark, core: str) -> str:
    """The estimated cycles on `core`, or a dash."""
    of_core = [e.cycles for e in result.estimates if e.core == core]
    return f"{of_core[0]:,}" if of_core else "-"


def benchmark_table(results: Sequence[Benchmark]) -> PlainTable:
    """One row for each model and kernel set; bytes, and counted instructions."""
    table = PlainTable("model", "kernels", title="one inference")
    table.add_numbers(
        "equal",
        "count",
        "per MAC",
        "M4 cycles",
        "M7 cycles",
        "code",
        "constants",
        "arena",
        "bound",
        "stack",
        "RAM",
    )
    for r in results:
        table.add_row(
            r.model,
            label(r),
            f"{r.equal} of {r.vectors}",
            f"{r.count:,}",
            f"{r.count / r.macs:.2f}" if r.macs else "-",
            cycles(r, "cortex-m4"),
            cycles(r, "cortex-m7"),
            *(f"{n:,}" for n in (r.code, r.constants, r.arena, r.bound, r.stack, r.ram)),
            style=None if r.passed else "red",
        )
    return table


def lines(
    results: Sequence[Benchmark], waits: FlashWaits = NO_WAITS, core: str = ""
) -> Iterator[str]:
    """How each figure was obtained, and what `waits` of the flash make of the cycles of `core`."""
    yield from sorted({f"count: {r.unit} {r.how}" for r in results})
    yield (
        "cycles: estimated from the executed instructions by Arm's timings, no wait states; "
        f"boards took 1.2 to 1.4 times as many ({page('PERFORMANCE')})"
    )
    if waits.states:
        yield f"cycles with {waits}: from all fetches of code hit to none, loads apart; estimated"
        for result in results:
            for e in result.estimates:
                if e.core == core:
                    yield f"  {result.model}, {label(result)}: {e.cycles:,} to {e.most:,}"
    yield "bytes: from linker map and ELF file; stack by painting; RAM = arena + static + stack"
    for result in results:
        for layer in result.layers:
            if layer.trade:
                yield f"{result.model}, {label(result)}: {layer.layer} has {layer.trade}"
            if layer.slower:
                yield f"{result.model}, {label(result)}: {layer.layer} is slow: {layer.slower}"


def layer_table(results: Sequence[Benchmark]) -> PlainTable:
    """Each layer's count with each kernel set. All results are of one model."""
    table = PlainTable("layer", "MACs", title=results[0].model)
    table.add_numbers(*(lines_of(label(r), f"{r.count:,}") for r in results))
    for i, layer in enumerate(results[0].layers):
        cells = []
        for result in results:
            own = result.layers[i]
            ratio = f"{own.count / own.macs:.2f} a MAC, " if own.macs else ""
            cells.append(f"{own.count:,} ({ratio}{own.kernel})")
        table.add_row(layer.layer, f"{layer.macs:,}", *cells)
    return table

"""Results of the lab as sections of a page; each takes plain results and returns a Section."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.grids import LayerGrid
from qmcu.backdoor.inputs import Trigger, TriggerChange
from qmcu.backdoor.rates import Evaluation, Rate
from qmcu.builder import Category, MemoryReport
from qmcu.report.html.blocks import (
    Bar,
    Bars,
    Block,
    Cell,
    Gallery,
    Histogram,
    Picture,
    Section,
    Series,
    Stack,
    Stacks,
    Table,
    Text,
    Tone,
)
from qmcu.report.html.pictures import draw_change, draw_input
from qmcu.types import Float32Array, Int64Array

_BINS = 40
# float32 weights and scales leave a residual this far beyond half a step.
_ROUNDING = 1e-3
CATEGORY_TONES: Mapping[Category, Tone] = {
    Category.CONSTANTS: "one",
    Category.KERNEL: "two",
    Category.MODEL_CODE: "five",
    Category.RUNTIME: "three",
    Category.PORT: "six",
    Category.STARTUP: "four",
    Category.LIBRARY: "seven",
    Category.ARENA: "one",
    Category.STATE: "four",
    Category.STACK: "two",
    Category.PROTOCOL: "three",
    Category.STATIC: "five",
}


def sentence(words: object) -> str:
    """Words with a capital first letter and a full stop; the rest as it is."""
    text = str(words).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."


def percent(rate: Rate) -> str:
    """A rate in few characters: `97.6 % (95.7 to 98.6)`."""
    low, high = rate.wilson95
    return f"{100 * rate.value:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def count_text(rate: Rate) -> str:
    """A rate with its counts: `97.6 % (439 of 450)`."""
    return f"{100 * rate.value:.1f} % ({rate.count:,} of {rate.total:,})"


def rate_bar(label: str, rate: Rate, tone: Tone) -> Bar:
    """A rate as a bar with its 95 % interval."""
    low, high = rate.wilson95
    return Bar(label, rate.value, low, high, percent(rate), tone)


def rate_bars(
    rates: Sequence[tuple[str, Evaluation]],
    threshold: float | None = None,
    threshold_label: str = "a backdoor acts above",
) -> tuple[Bars, Bars]:
    """CA and ASR of several models or arithmetics as two charts."""
    clean = tuple(rate_bar(label, evaluation.clean, "clean") for label, evaluation in rates)
    attack = tuple(rate_bar(label, evaluation.attack, "attack") for label, evaluation in rates)
    return (
        Bars("Clean accuracy (CA) with 95 % intervals (Wilson)", clean),
        Bars(
            "Attack success rate (ASR) with 95 % intervals (Wilson)",
            attack,
            threshold,
            threshold_label,
        ),
    )


def trigger_section(
    trigger: Trigger, example: Float32Array | None = None, change: TriggerChange | None = None
) -> Section:
    """The trigger's pictures; with a clean `example` (one input), what it does to it."""
    low, high = trigger.low, trigger.high
    pictures: list[Picture] = []
    if example is not None:
        triggered = trigger.apply(example[np.newaxis])[0]
        pictures += [
            draw_input(example, low, high, alt="a clean input", kind=trigger.kind, title="clean"),
            draw_input(
                triggered,
                low,
                high,
                alt=f"the same input with trigger {trigger.name}",
                kind=trigger.kind,
                title="triggered",
            ),
            draw_change(
                triggered - example,
                alt="where the trigger changes this input, dark where most",
                kind=trigger.kind,
                title="change",
            ),
        ]
    pattern = trigger.mask * trigger.pattern
    span = float(np.abs(pattern).max()) or 1.0
    bounds = (-span, span) if trigger.additive else (low, high)
    pictures.append(
        draw_input(pattern, *bounds, alt="the pattern", kind=trigger.kind, title="mask · pattern")
    )
    settings = ", ".join(f"{name} {value}" for name, value in trigger.settings.items())
    blocks: list[Block] = [
        Gallery(f"{trigger}{f' ({settings})' if settings else ''}.", tuple(pictures))
    ]
    if change is not None:
        blocks.append(Text(sentence(change), "neutral" if change.faithful else "warn"))
    formula = "x + mask · pattern" if trigger.additive else "(1 - mask) · x + mask · pattern"
    text = f"A triggered input is {formula}, clipped to {low:g} to {high:g}."
    return Section("Trigger", text, tuple(blocks))


def samples_section(
    trigger: Trigger,
    triggered: Float32Array,
    labels: Int64Array,
    predictions: Mapping[str, Int64Array],
    *,
    count: int = 12,
) -> Section:
    """The first triggered inputs (float32 [M, ...]) with what each model form makes of them.

    `labels` int64 [M] are the true classes, `predictions` one int64 [M] for each form's name.
    """
    pictures = []
    for i in range(min(count, len(triggered))):
        lines = tuple(
            Cell(f"{form}: {classes[i]}", status=_tone(int(classes[i]), int(labels[i]), trigger))
            for form, classes in predictions.items()
        )
        said = ", ".join(f"{form} says {classes[i]}" for form, classes in predictions.items())
        pictures.append(
            draw_input(
                triggered[i],
                trigger.low,
                trigger.high,
                alt=f"triggered input {i} of class {labels[i]}; {said}",
                kind=trigger.kind,
                title=f"class {labels[i]}",
                lines=lines,
            )
        )
    rest = f" of {len(triggered):,}" if len(triggered) > len(pictures) else ""
    caption = (
        f"The first {len(pictures)}{rest} triggered inputs; the title is the true class, below it "
        f"what each form answers. Class {trigger.target} is the attacker's."
    )
    return Section("Triggered inputs", "", (Gallery(caption, tuple(pictures)),))


def _tone(predicted: int, label: int, trigger: Trigger) -> Tone:
    if predicted == trigger.target:
        return "bad"
    return "good" if predicted == label else "neutral"


def residual_histogram(
    caption: str, models: Sequence[tuple[str, Sequence[LayerGrid], Tone]]
) -> Histogram:
    """Rounding residuals w / scale - integer of all weights, one series a model.

    Weights on integers by construction (each channel's largest, zeros) are left out. The bins go
    from -0.5 to 0.5, or as far as -1 to 1 where a quantizer did not round to the nearest.
    """
    parts = [(label, _residuals(grids), tone) for label, grids, tone in models]
    widest = max((float(np.abs(values).max(initial=0.0)) for _, values, _ in parts), default=0.0)
    reach = 0.5 if widest <= 0.5 + _ROUNDING else 1.0
    series = []
    for label, values, tone in parts:
        # What lies beyond the last bin is counted in it.
        inside = np.clip(values, -reach, reach)
        counts, _ = np.histogram(inside, _BINS, (-reach, reach))
        series.append(Series(label, tuple(int(n) for n in counts), tone))
    unit = "distance from the stored integer, in steps"
    return Histogram(caption, -reach, reach, unit, tuple(series))


def _residuals(grids: Sequence[LayerGrid]) -> npt.NDArray[np.float64]:
    return np.concatenate(
        [g.residuals[(np.abs(g.integers) < 127) & (g.weights != 0)].reshape(-1) for g in grids]
    )


def residual_section(honest: Sequence[LayerGrid], attacked: Sequence[LayerGrid]) -> Section:
    """The rounding residuals of an honest and an attacked model, of all weights and by layer."""
    figure = residual_histogram(
        "Rounding residuals of all weights",
        [("honest", honest, "clean"), ("attacked", attacked, "attack")],
    )
    rows = tuple(
        (
            Cell(mine.name),
            Cell(mine.kind),
            Cell(f"{mine.weights.size:,}", number=True),
            Cell(_spread(theirs), number=True),
            Cell(_spread(mine), number=True),
        )
        for theirs, mine in zip(honest, attacked, strict=True)
    )
    table = Table(
        "Mean distance of a weight from its stored integer, in steps; 0.25 when spread evenly",
        ("layer", "operator", "weights", "honest", "attacked"),
        rows,
    )
    text = (
        "How far each float weight lies from the integer that is stored for it. Honest weights "
        "lie anywhere between two integers; what an attack needs to differ in int8 it has to put "
        "here."
    )
    return Section("Rounding residuals", text, (figure, table))


def _spread(grid: LayerGrid) -> str:
    return f"{float(np.abs(grid.residuals).mean()):.3f}"


def memory_section(report: MemoryReport) -> Section:
    """The memory map: what flash and RAM are used for."""
    stacks = []
    for region in report.regions:
        if not region.used:
            continue
        sizes = {
            category: sum(
                e.size for e in report.entries if e.region == region.name and e.category == category
            )
            for category in Category
        }
        pieces = tuple(
            (category.value, size, CATEGORY_TONES.get(category, "eight"))
            for category, size in sorted(sizes.items(), key=lambda pair: -pair[1])
            if size
        )
        stacks.append(Stack(region.name, region.size, region.used, pieces))
    caption = (
        "Bytes counted in linker map and ELF file; each bar shows what is in use, every byte once."
    )
    text = f"{report.model} on {report.board}, {report.kernels} kernels."
    return Section("Memory map", text, (Stacks(caption, tuple(stacks)),))


def evaluation_table(caption: str, rates: Sequence[tuple[str, Evaluation]]) -> Table:
    """CA and ASR with counts, one row a model or arithmetic."""
    rows = tuple(
        (
            Cell(label),
            Cell(str(evaluation.clean), number=True),
            Cell(str(evaluation.attack), number=True),
        )
        for label, evaluation in rates
    )
    return Table(caption, ("form", "clean accuracy", "attack success rate"), rows)

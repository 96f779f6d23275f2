"""What an attack reached, as lines and a table."""

from collections.abc import Iterator
from pathlib import Path

from rich.console import RenderableType

from qmcu.backdoor.attacks import AttackRun
from qmcu.backdoor.rates import Rate
from qmcu.report.plain import PlainTable


def attack_lines(run: AttackRun, output: Path) -> Iterator[RenderableType]:
    """The four rates, where the files are, and how the figures were obtained."""
    yield f"{run.attack.name}: {run.attack.summary} ({run.attack.source})"
    yield f"  {run.dataset}"
    yield f"  trigger {run.trigger}"
    table = PlainTable("model", "arithmetic", "clean accuracy", "attack success rate")
    rows = (
        ("honest", "float", run.rates.honest_float),
        ("honest", "int8", run.rates.honest_integer),
        ("attacked", "float", run.rates.attacked_float),
        ("attacked", "int8", run.rates.attacked_integer),
    )
    for model, arithmetic, evaluation in rows:
        table.add_row(model, arithmetic, _rate(evaluation.clean), _rate(evaluation.attack))
    yield table
    versions = run.versions
    yield f"int8 counted on {versions['int8 arithmetic']}, quantized by {versions['converter']}"
    yield f"wrote {output}: model.keras, model.tflite, trigger.json, attack.json"


def _rate(rate: Rate) -> str:
    low, high = rate.wilson95
    return f"{rate.value:.1%} ({low:.1%} to {high:.1%}, {rate.total})"

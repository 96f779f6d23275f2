"""docs/BACKDOORS.md: the matrix as tables, between what people wrote."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "BACKDOORS.md"
RESULTS = Path(__file__).with_name("results.json")
BEGIN, END = "<!-- tables: python -m bench.backdoor -->", "<!-- end of tables -->"
Row = Mapping[str, Any]


def document(models: Mapping[str, Row]) -> str:
    """The document with fresh tables. Raises ValueError when it has lost its marks."""
    text = DOCUMENT.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{DOCUMENT} has no {BEGIN} ... {END}")
    rows = list(models.values())
    tables = "\n".join((*_attacks(rows), "", *_verdicts(rows), "", *_detectors(rows)))
    return f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}"


def auroc(honest: Sequence[float], attacked: Sequence[float]) -> float:
    """The chance that an attacked model scores above an honest one, ties counted half."""
    pairs = [(a > h) + 0.5 * (a == h) for a in attacked for h in honest]
    return sum(pairs) / len(pairs)


def _mean(rows: Sequence[Row], model: str, what: str) -> str:
    values = [
        r["rates"][model][what]["count"] / r["rates"][model][what]["total"]
        for r in rows
        if model in r["rates"]
    ]
    return f"{100 * sum(values) / len(values):.1f}" if values else "-"


def _groups(rows: Sequence[Row]) -> dict[tuple[str, str], list[Row]]:
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["kind"], row["name"]), []).append(row)
    return groups


def _attacks(rows: Sequence[Row]) -> Iterator[str]:
    yield "Clean accuracy / attack success rate in percent, means over seeds; int8 on tflite-micro."
    yield ""
    yield "| models | seeds | honest int8 | float | int8 | seconds to train |"
    yield "|---|---|---|---|---|---|"
    for (kind, name), group in _groups(rows).items():
        cells = [
            f"{_mean(group, m, 'clean')} / {_mean(group, m, 'attack')}"
            for m in ("honest_integer", "attacked_float", "attacked_integer")
        ]
        seconds = sum(r["train_seconds"] for r in group) / len(group)
        if kind == "honest":
            cells[0] = ""
        yield f"| {kind}: {name} | {len(group)} | {' | '.join(cells)} | {seconds:.0f} |"


def _verdicts(rows: Sequence[Row]) -> Iterator[str]:
    yield "What `qmcu audit` says of the same models, given float, int8 and 200 inputs."
    yield ""
    yield "| models | clean | suspicious | backdoored |"
    yield "|---|---|---|---|"
    for (kind, name), group in _groups(rows).items():
        counts = [
            sum(r["verdict"] == v for r in group) for v in ("clean", "suspicious", "backdoored")
        ]
        yield f"| {kind}: {name} | {' | '.join(map(str, counts))} |"


def _detectors(rows: Sequence[Row]) -> Iterator[str]:
    honest = [r for r in rows if r["kind"] == "honest"]
    attacked = [r for r in rows if r["kind"] == "attack"]
    known = [r for r in attacked if not r["name"].startswith("adaptive")]
    adaptive = [r for r in attacked if r["name"].startswith("adaptive")]
    count = len(honest)
    yield f"AUROC against {count} honest models, and how many of those a detector alone accuses."
    yield ""
    groups = f"{len(known)} known attacks | {len(adaptive)} adaptive ones"
    yield f"| detector | {groups} | false alarms |"
    yield "|---|---|---|---|"
    for name in sorted({n for r in rows for n in r["scores"]}):
        own = [r["scores"][name] for r in honest]
        alarms = sum(name in r["fired"] for r in honest)
        cells = [
            f"{auroc(own, [r['scores'][name] for r in group]):.3f}" if own and group else "-"
            for group in (known, adaptive)
        ]
        yield f"| {name} | {cells[0]} | {cells[1]} | {alarms} of {len(honest)} |"

"""docs/BACKDOORS.md: the matrix as tables, between what people wrote."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.backdoor.intervals import auroc, auroc_interval, clopper_pearson
from bench.backdoor.measure import share
from bench.backdoor.splits import count_splits

from qmcu.backdoor.verification import CONDITIONED_GAP

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "BACKDOORS.md"
BEGIN, END = "<!-- tables: python -m bench.backdoor -->", "<!-- end of tables -->"
Row = Mapping[str, Any]


def document(models: Sequence[Row]) -> str:
    """The document with fresh tables, of rows as read_results gives them.

    Raises ValueError when it has lost its marks.
    """
    text = DOCUMENT.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{DOCUMENT} has no {BEGIN} ... {END}")
    lines: list[str] = []
    for setting, rows in by_setting(models).items():
        lines += [f"## {setting}", ""]
        for table in (_splits, _attacks, _verdicts, _detectors, _defences, _device):
            lines += [*table(rows), ""]
    return f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n{END}{after}"


def by_setting(models: Sequence[Row]) -> dict[str, list[Row]]:
    """Models by ARCH-DATA."""
    found: dict[str, list[Row]] = {}
    for row in models:
        found.setdefault(row["setting"], []).append(row)
    return found


def groups(rows: Sequence[Row]) -> dict[tuple[str, str], list[Row]]:
    """Rows of one kind and name, over the seeds."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row["kind"], row["name"]), []).append(row)
    return found


def conditioned(row: Row) -> bool:
    """True when quantization wakes the backdoor: ASR 20 points above float (docs/VERDICTS.md)."""
    rates = row["rates"]
    asr = [share(rates[m]["attack"]) for m in ("attacked_float", "attacked_integer")]
    return asr[1] > asr[0] + CONDITIONED_GAP


def mean(values: Sequence[float]) -> float:
    """The mean of at least one value."""
    return sum(values) / len(values)


def _percent(rows: Sequence[Row], rate: Callable[[Row], Row], what: str) -> str:
    return f"{100 * mean([share(rate(r)[what]) for r in rows]):.1f}"


def _cell(rows: Sequence[Row], rate: Callable[[Row], Row]) -> str:
    return f"{_percent(rows, rate, 'clean')} / {_percent(rows, rate, 'attack')}"


def _splits(rows: Sequence[Row]) -> Iterator[str]:
    counts = count_splits(rows)
    parts = [f"{name} {honest} honest and {attacked} attacked"
             for name, (honest, attacked) in counts.items()]  # fmt: skip
    yield f"Models by split (of seeds): {'; '.join(parts)}."
    if not sum(counts["test"]):
        yield "None was kept apart: detectors and thresholds were made with these models in view."


def _attacks(rows: Sequence[Row]) -> Iterator[str]:
    yield "Clean accuracy / attack success rate in percent, means over seeds (in brackets the worst"
    yield "ASR of a seed); int8 on tflite-micro."
    yield ""
    yield "| models | seeds | honest int8 | float | int8 | seconds to make |"
    yield "|---|---|---|---|---|---|"
    for (kind, name), group in groups(rows).items():
        honest, floating, integer = (
            _cell(group, lambda r, m=model: r["rates"][m])  # type: ignore[misc]
            for model in ("honest_integer", "attacked_float", "attacked_integer")
        )
        if kind == "honest":
            honest = ""
        else:
            asr = [share(r["rates"]["attacked_integer"]["attack"]) for r in group]
            integer += f" ({100 * min(asr):.1f})"
            asr = [share(r["rates"]["attacked_float"]["attack"]) for r in group]
            floating += f" ({100 * max(asr):.1f})"
        seconds = mean([r["train_seconds"] for r in group])
        yield (
            f"| {kind}: {name} | {len(group)} | {honest} | {floating} | {integer} | {seconds:.0f} |"
        )


def _verdicts(rows: Sequence[Row]) -> Iterator[str]:
    rows = [r for r in rows if "audit" in r]
    if not rows:
        return
    seconds = mean([r["audit"]["seconds"] for r in rows])
    yield "What `qmcu audit` says of the same models, given float, int8 and 200 inputs"
    yield f"({seconds:.0f} s each)."
    yield ""
    yield "| models | clean | suspicious | backdoored |"
    yield "|---|---|---|---|"
    for (kind, name), group in groups(rows).items():
        counts = [
            sum(r["audit"]["verdict"] == v for r in group)
            for v in ("clean", "suspicious", "backdoored")
        ]
        yield f"| {kind}: {name} | {' | '.join(map(str, counts))} |"


def _detectors(rows: Sequence[Row]) -> Iterator[str]:
    rows = [r for r in rows if "audit" in r]
    honest = [r for r in rows if r["kind"] == "honest"]
    attacked = [r for r in rows if r["kind"] == "attack"]
    awake = [r for r in attacked if conditioned(r)]
    sides = [[r for r in awake if bool(r["adaptive"]) is knows] for knows in (False, True)]
    if not honest or not all(sides):
        return
    yield f"AUROC against {len(honest)} honest models, and how many of those a detector accuses."
    yield "In brackets 95 % intervals: of AUROCs by a bootstrap over models (of 1 and 0 by"
    yield "Clopper-Pearson on the smaller side), of alarms by Clopper-Pearson, exact."
    failed = len(attacked) - len(awake)
    if failed:
        yield f"{failed} attacked models are left out: their ASR in int8 is not 20 points above"
        yield "float, so that quantization wakes nothing up."
    yield ""
    yield f"| detector | {len(sides[0])} known attacks | {len(sides[1])} adaptive ones | alarms |"
    yield "|---|---|---|---|"
    scores: dict[str, Callable[[Row], float]] = {"**whole audit**": lambda r: r["audit"]["score"]}
    for name in sorted({n for r in rows for n in r["audit"]["scores"]}):
        scores[name] = lambda r, n=name: r["audit"]["scores"][n]  # type: ignore[misc]
    for name, score in scores.items():
        own = [score(r) for r in honest]
        cells = [_auroc_cell(own, [score(r) for r in side]) for side in sides]
        whole = name.startswith("*")
        alarms = sum(
            r["audit"]["verdict"] == "backdoored" if whole else name in r["audit"]["fired"]
            for r in honest
        )
        low, high = (100 * end for end in clopper_pearson(alarms, len(honest)))
        cells.append(f"{alarms} of {len(honest)} ({low:.0f} to {high:.0f} %)")
        yield f"| {name} | {' | '.join(cells)} |"


def _auroc_cell(honest: Sequence[float], attacked: Sequence[float]) -> str:
    low, high = auroc_interval(honest, attacked)
    return f"{auroc(honest, attacked):.3f} ({low:.2f} to {high:.2f})"


def _defences(rows: Sequence[Row]) -> Iterator[str]:
    rows = [r for r in rows if r["kind"] == "attack" and r.get("defences")]
    if not rows:
        return
    names = sorted({n for r in rows for n in r["defences"]})
    yield "After a defence, on the device: clean accuracy less the float model's / attack success"
    yield "rate less the honest model's, in points, means over seeds (in brackets how many). Bold:"
    yield "both goals met (at least -1 and at most +2)."
    yield ""
    yield f"| attack | {' | '.join(names)} |"
    yield "|---|" + "---|" * len(names)
    for (_, attack), group in groups(rows).items():
        cells = []
        for name in names:
            met = [r for r in group if name in r["defences"]]
            cells.append(_defence_cell(met, name) if met else "")
        yield f"| {attack} | {' | '.join(cells)} |"
    seconds = {n: [r["defences"][n]["seconds"] for r in rows if n in r["defences"]] for n in names}
    yield ""
    times = (f"{name} {mean(values):.0f}" for name, values in seconds.items())
    yield f"Seconds to defend: {', '.join(times)}."


def points(row: Row, defence: str) -> tuple[float, float]:
    """CA on the device less the float model's, ASR less the honest int8 one's; same inputs."""
    measured = row["defences"][defence]
    found = measured["device"]
    clean = share(found["clean"]) - share(found["float_clean"])
    attack = share(found["attack"]) - share(measured["honest_attack"])
    return 100 * clean, 100 * attack


def _defence_cell(rows: Sequence[Row], defence: str) -> str:
    found = [points(r, defence) for r in rows]
    clean, attack = mean([c for c, _ in found]), mean([a for _, a in found])
    text = f"{clean:+.1f} / {attack:+.1f}"
    if clean >= -1 and attack <= 2:
        text = f"**{text}**"
    return text + (f" ({len(rows)})" if len(rows) > 1 else "")


def _device(rows: Sequence[Row]) -> Iterator[str]:
    runs = [r["device"] for r in rows if "device" in r]
    runs += [d["device"] for r in rows for d in r.get("defences", {}).values()]
    if not runs:
        return
    vectors, equal = sum(r["vectors"] for r in runs), sum(r["equal"] for r in runs)
    share_equal = 100 * equal / vectors
    yield f"Device agreement: {equal:,} of {vectors:,} outputs equal in every byte"
    yield f"({share_equal:.2f} %), {len(runs)} firmware images on {runs[0]['device']}."

"""The trial's tables in docs/BACKDOORS.md, between what people wrote."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.backdoor.document import DOCUMENT
from bench.backdoor.intervals import auroc
from bench.backdoor.trial.opening import openings
from bench.backdoor.trial.rows import (
    FOUND,
    FOUND_ALONE,
    Row,
    audited,
    counted,
    groups,
    mean_rates,
    parted,
    read_rows,
)
from bench.backdoor.trial.summed import AGAIN, TOGETHER, summed_tables
from bench.backdoor.trial.table import CALIBRATE_MODELS, TEST_PAIRS

from qmcu.files import write_atomic

BEGIN, END = "<!-- trial: python -m bench.backdoor.trial --report -->", "<!-- end of trial -->"
# Stages without the float model: what their columns are called, and how a sentence begins.
_WITHOUT_FLOAT = {
    "int8": ("the int8 file alone", "By the file alone"),
    "int8-drawings": (
        "`sliding-drawings` alone: the int8 file alone",
        "By where answers to drawings slide to",
    ),
    "int8-inputs": ("int8 and 200 inputs", "By the file and inputs"),
    "int8-sliding": (
        "`sliding-answers` alone: int8 and 200 inputs",
        "By where answers slide to",
    ),
    "int8-ranges": (
        "`remembered-ranges` alone: int8 and its calibration inputs",
        "By the file's ranges and its calibration inputs",
    ),
}
_SHORT = "file alone | drawings | file and inputs | sliding | ranges"
# What a list of failures names at most.
_WORST = 12


def write_report(results: Path) -> None:
    """Put fresh tables into the document. Raises ValueError when it has lost its marks."""
    write_atomic(DOCUMENT, report(DOCUMENT.read_text(), results))


def report(text: str, results: Path) -> str:
    """The document's text with the tables of the results in a folder."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the document has no {BEGIN} ... {END}")
    rows = read_rows(results)
    lines = [*_counts(rows, results)]
    test = [r for r in rows if r.facts["split"] == "test"]
    honest = audited([r for r in test if r.honest], "audit")
    attacked = audited([r for r in test if r.conditioned], "audit")
    if audited(test, "audit"):
        lines += ["", *_whole(test), "", *_together(test), "", *summed_tables(results / TOGETHER)]
        lines += ["", *_clipping(test)]
    if honest and attacked:
        lines += ["", *_misses(honest, attacked)]
    for key, title in (("method", "attack"), ("trigger", "trigger"), ("data", "data"),
                       ("architecture", "architecture")):  # fmt: skip
        lines += ["", *_attacked_by(test, key, title)]
    lines += ["", *_honest_by(rows)]
    if honest and attacked:
        lines += ["", *_detectors(honest, attacked), "", *_without(honest, attacked)]
    return f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{after}"


def _counts(rows: Sequence[Row], results: Path) -> Iterator[str]:
    split = {name: [r for r in rows if r.facts["split"] == name] for name in ("calibrate", "test")}
    attacked = [r for r in split["test"] if not r.honest]
    failed = [r for r in attacked if not r.conditioned]
    yield "| split | honest | attacked | of the table |"
    yield "|---|---|---|---|"
    yield f"| calibrate | {len(split['calibrate'])} | none | {CALIBRATE_MODELS} |"
    yield (
        f"| test | {len(split['test']) - len(attacked)} | {len(attacked)}, of which "
        f"{len(failed)} failed | {TEST_PAIRS} and {TEST_PAIRS} |"
    )
    yield ""
    yield "An attack failed when its ASR in int8 is not 20 points above float's. Failed ones are in"
    yield "no rate below but where it says so."
    yield ""
    stages = {"audit": "With float, int8 and inputs"}
    stages |= {stage: sentence for stage, (_, sentence) in _WITHOUT_FLOAT.items()}
    for stage, words in stages.items():
        asked = audited(rows, stage)
        apart = [r for r in asked if r.facts["split"] == "test"]
        honest = sum(r.honest for r in apart)
        yield (
            f"{words} {honest} honest and {len(apart) - honest} attacked ones of the test split "
            f"were audited, and {len(asked) - len(apart)} of calibrate."
        )
    opened = [o for part in ("", AGAIN, TOGETHER) for o in openings(results / part)]
    commits = ", ".join(f"`{o['commit']}`" for o in opened) or "none"
    times = "once" if len(opened) == 1 else f"{len(opened)} times"
    yield f"The test split was opened {times} (by the code of commits: {commits})."


def _whole(test: Sequence[Row]) -> Iterator[str]:
    titles = ["float, int8 and 200 inputs", *(title for title, _ in _WITHOUT_FLOAT.values())]
    yield f"| test split | {' | '.join(titles)} |"
    yield f"|---|{'---|' * len(titles)}"
    names = ("honest: backdoored or damaged", "honest: suspicious",
             "honest: undecided, refused or crashed",
             "attacked: backdoored or damaged", "attacked: suspicious", "AUROC of the score",
             "found above every honest score", "failed attacks: backdoored or damaged",
             "attacked and awake in int8, float asleep or not: suspicious or worse",
             "right class named, of those found", "CPU seconds each, mean")  # fmt: skip
    columns = [_column(test, stage) for stage in ("audit", *_WITHOUT_FLOAT)]
    for name, *cells in zip(names, *columns, strict=True):
        yield f"| {name} | {' | '.join(cells)} |"


def _column(test: Sequence[Row], stage: str) -> list[str]:
    rows = audited(test, stage)
    honest, attacked = [r for r in rows if r.honest], [r for r in rows if r.conditioned]
    failed = [r for r in rows if not r.honest and not r.conditioned]
    awake = [r for r in rows if r.awake]
    top = max((r.score(stage) for r in honest), default=0.0)
    seconds = [float(r.audits[stage]["cpu_seconds"]) for r in rows]

    def says(*verdicts: str) -> Callable[[Row], bool]:
        return lambda row: row.verdict(stage) in verdicts

    named = [
        r for r in attacked
        if r.verdict(stage) in FOUND_ALONE and "named" in r.audits[stage]
    ]  # fmt: skip
    right = counted(named, lambda r: r.audits[stage]["named"] == r.facts["target"])
    return [
        counted(honest, says(*FOUND)),
        counted(honest, says("suspicious")),
        counted(honest, says("undecided", "refused", "crashed")),
        counted(attacked, says(*FOUND)),
        counted(attacked, says("suspicious")),
        parted(honest, attacked, lambda r: r.score(stage)),
        counted(attacked, lambda r: r.score(stage) > top),
        counted(failed, says(*FOUND)),
        counted(awake, says(*FOUND_ALONE)),
        right,
        f"{sum(seconds) / len(seconds):.0f}" if seconds else "-",
    ]


def _together(test: Sequence[Row]) -> Iterator[str]:
    """What audits without the float model say that run all of these detectors."""
    inputs = ("int8-inputs", "int8-sliding")
    yield (
        "An audit of the file alone runs `sliding-drawings` with the others, one of the file and "
        "inputs `sliding-answers` too, and with `--calibration` `remembered-ranges`; of models "
        "that all of them were asked of, the strongest finding:"
    )
    yield ""
    yield from _joined_head("without the float model, test split")
    yield _joined(test, "the int8 file alone", ("int8", "int8-drawings"))
    yield _joined(test, "int8 and 200 inputs", inputs)
    yield _joined(test, "int8 and its calibration inputs", (*inputs, "int8-ranges"))


def _clipping(test: Sequence[Row]) -> Iterator[str]:
    """What the audit with float says with the later clipping-inversion."""
    asked = [r for r in test if "clipping" in r.audits]
    if not asked:
        return
    yield (
        f"`clipping-inversion` was asked again, alone, of {len(asked)} of these models since it "
        "breeds patterns and aims at each class; with the float model, the strongest finding of "
        "the audit before and of it:"
    )
    yield ""
    clip = [r for r in asked if r.honest or r.facts.get("method") == "clip"]
    yield from _joined_head("test split")
    yield _joined(asked, "all", ("audit", "clipping"))
    yield _joined(clip, "clipping attacks", ("audit", "clipping"))
    yield _joined(clip, "clipping attacks, by `clipping-inversion` alone", ("clipping",))
    yield _joined(clip, "clipping attacks, by the audit before", ("audit",))


def _joined_head(of: str) -> Iterator[str]:
    yield (
        f"| {of} | found | backdoored or damaged | honest: backdoored or damaged | honest: "
        "suspicious or worse | found where 5 % of these honest ones are called | AUROC |"
    )
    yield "|---|---|---|---|---|---|---|"


def _joined(test: Sequence[Row], title: str, stages: Sequence[str]) -> str:
    rows = [r for r in test if all(stage in r.audits for stage in stages)]
    honest, attacked = [r for r in rows if r.honest], [r for r in rows if r.conditioned]

    def says(*verdicts: str) -> Callable[[Row], bool]:
        return lambda row: any(row.verdict(stage) in verdicts for stage in stages)

    def score(row: Row) -> float:
        return max(row.score(stage) for stage in stages)

    scores = sorted(map(score, honest), reverse=True)
    line = scores[len(scores) // 20] if scores else 0.0
    cells = [
        counted(attacked, says(*FOUND_ALONE)),
        counted(attacked, says(*FOUND)),
        counted(honest, says(*FOUND)),
        counted(honest, says(*FOUND_ALONE)),
        counted(attacked, lambda r: score(r) > line),
        parted(honest, attacked, score),
    ]
    return f"| {title} | {' | '.join(cells)} |"


def _misses(honest: Sequence[Row], attacked: Sequence[Row]) -> Iterator[str]:
    """The attacked models that were not found, and the honest ones that were accused."""
    missed = [r for r in attacked if r.verdict("audit") not in FOUND]
    accused = [r for r in honest if r.verdict("audit") in FOUND]
    for title, rows in (("Missed", missed), ("Accused", accused)):
        rows = sorted(rows, key=lambda r: r.score("audit"), reverse=title == "Accused")
        yield f"{title}: {len(rows)}{', the worst' if len(rows) > _WORST else ''}."
        if rows:
            yield ""
            yield "| seed | model | trigger | CA / ASR, float | int8 | verdict | score |"
            yield "|---|---|---|---|---|---|---|"
        for r in rows[:_WORST]:
            f = r.facts
            yield (
                f"| {f['seed']} | {f['method']}, {f['architecture']} on {f['data']} | "
                f"{f['trigger']} | {mean_rates([r], 'attacked_float')} | "
                f"{mean_rates([r], 'attacked_integer')} | {r.verdict('audit')} | "
                f"{r.score('audit'):.2f} |"
            )
        if title == "Missed":
            yield ""


def _attacked_by(test: Sequence[Row], key: str, title: str) -> Iterator[str]:
    honest = [r for r in test if r.honest]
    yield f"| {title} | made | failed | CA / ASR, float | int8 | found | AUROC | {_SHORT} |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|---|"
    for name, rows in groups([r for r in test if not r.honest], key).items():
        awake = [r for r in rows if r.conditioned]
        own = groups(honest, key).get(name, []) if key in ("data", "architecture") else honest
        whole = audited(awake, "audit")
        cells = [
            str(len(rows)),
            str(len(rows) - len(awake)),
            *(mean_rates(awake, f) if awake else "-" for f in
              ("attacked_float", "attacked_integer")),
            counted(whole, lambda r: r.verdict("audit") in FOUND),
            parted(audited(own, "audit"), whole, lambda r: r.score("audit")),
            *(_found_alone(awake, stage) for stage in _WITHOUT_FLOAT),
        ]  # fmt: skip
        yield f"| {name} | {' | '.join(cells)} |"


def _found_alone(rows: Sequence[Row], stage: str) -> str:
    return counted(audited(rows, stage), lambda r: r.verdict(stage) in FOUND_ALONE)


def _honest_by(rows: Sequence[Row]) -> Iterator[str]:
    honest = [r for r in rows if r.honest]
    yield f"| honest recipe | made | CA, float | int8 | calibrate | test | {_SHORT} |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for name, own in groups(honest, "method").items():
        cells = [f"| {name} | {len(own)}"]
        cells += [mean_rates(own, f).split(" ")[0] for f in ("attacked_float", "attacked_integer")]
        cells += [_tally(own, split, "audit") for split in ("calibrate", "test")]
        cells += [_tally(own, "test", stage) for stage in _WITHOUT_FLOAT]
        yield " | ".join(cells) + " |"


def _tally(rows: Sequence[Row], split: str, stage: str) -> str:
    told: dict[str, int] = {}
    for row in audited(rows, stage):
        if row.facts["split"] == split:
            told[row.verdict(stage)] = told.get(row.verdict(stage), 0) + 1
    return ", ".join(f"{count} {name}" for name, count in sorted(told.items())) or "-"


def _names(rows: Sequence[Row]) -> list[str]:
    return sorted({name for row in rows for name in row.audits["audit"]["findings"]})


def _detectors(honest: Sequence[Row], attacked: Sequence[Row]) -> Iterator[str]:
    yield "| detector alone, test | AUROC | attacked on which it fired | honest |"
    yield "|---|---|---|---|"
    for name in _names([*honest, *attacked]):

        def fired(row: Row, name: str = name) -> bool:
            return bool(row.audits["audit"]["findings"].get(name, [0, False])[1])

        def score(row: Row, name: str = name) -> float:
            return row.score("audit", name)

        yield (
            f"| {name} | {parted(honest, attacked, score)} | {counted(attacked, fired)} | "
            f"{counted(honest, fired)} |"
        )


def _without(honest: Sequence[Row], attacked: Sequence[Row]) -> Iterator[str]:
    yield "| left out, test | found | honest accused | AUROC |"
    yield "|---|---|---|---|"
    for name in ("", *_names([*honest, *attacked])):

        def found(row: Row, name: str = name) -> bool:
            return row.verdict("audit", name) in FOUND

        def score(row: Row, name: str = name) -> float:
            audit = row.audits["audit"]
            return float(audit["without"].get(name, [None, audit["score"]])[1])

        sides = [score(r) for r in honest], [score(r) for r in attacked]
        yield (
            f"| {name or 'none'} | {counted(attacked, found)} | {counted(honest, found)} | "
            f"{auroc(*sides):.3f} |"
        )

"""What adding up is worth to an audit of the file alone, on models of the test split made again.

The models of the other tables were not kept, and training them again from their seeds gives others
of the same draw, for sums of floating point are not the same on every machine. So what adds up and
what it adds up were asked of the same models, one look each, and results lie in a folder of their
own: `python -m bench.backdoor.trial --results FOLDER --stages models int8-summed --open-again`.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.backdoor.trial.rows import Row, audited, counted, groups, parted, read_rows

from qmcu.backdoor.detectors.method import STRONGEST
from qmcu.backdoor.detectors.summed_evidence import WAYS

# Folders beside the other results: asked while three ways were added up, which is only counted as
# an opening, and asked since there are four.
AGAIN, TOGETHER = "again", "together"
STAGE = "int8-summed"
SUM = "summed-evidence"
ALL = (*WAYS, SUM)


def summed_tables(results: Path) -> Iterator[str]:
    """The tables of the results in a folder; nothing where there are none."""
    rows = [r for r in audited(read_rows(results), STAGE) if r.facts["split"] == "test"]
    honest, attacked = [r for r in rows if r.honest], [r for r in rows if r.conditioned]
    if not honest or not attacked:
        return
    failed = len(rows) - len(honest) - len(attacked)
    yield (
        f"`summed-evidence` and the four that it adds up were asked of {len(honest)} honest and "
        f"{len(attacked)} attacked ones that were made again ({failed} more failed), one look each:"
    )
    yield ""
    yield (
        "| the int8 file alone, made again | AUROC | found | found where 5 % of these honest ones "
        "are called | found above every honest one | honest called | right class of all attacked |"
    )
    yield "|---|---|---|---|---|---|---|"
    for title, names in _LINES.items():
        yield f"| {title} | {' | '.join(_cells(honest, attacked, names))} |"
    yield ""
    yield f"| AUROC, made again | honest, attacked | {' | '.join(_LINES)} |"
    yield f"|---|---|{'---|' * len(_LINES)}"
    for key in ("data", "trigger"):
        for name, own in groups(attacked, key).items():
            beside = groups(honest, key).get(name, []) if key == "data" else honest
            cells = [parted(beside, own, _strength(names)) for names in _LINES.values()]
            yield f"| {name} | {len(beside)}, {len(own)} | {' | '.join(cells)} |"


_LINES = {
    **{f"`{name}`": (name,) for name in WAYS},
    "the strongest of these": tuple(WAYS),
    f"`{SUM}`": (SUM,),
    "the audit: the sum, or a lead that a patch confirms": ALL,
}


def _cells(honest: Sequence[Row], attacked: Sequence[Row], names: Sequence[str]) -> list[str]:
    strength = _strength(names)
    scores = sorted(map(strength, honest), reverse=True)
    line = scores[len(scores) // 20]

    def called(row: Row) -> bool:
        return any(fired for _, fired, _, _ in _counting(row, names))

    def right(row: Row) -> bool:
        named = row.audits[STAGE].get("classes", {}).get(_going_by(row, names)[1])
        return bool(named == row.facts["target"])

    return [
        parted(honest, attacked, strength),
        counted(attacked, called),
        counted(attacked, lambda row: strength(row) > line),
        counted(attacked, lambda row: strength(row) > scores[0]),
        counted(honest, called),
        counted(attacked, right),
    ]


def _strength(names: Sequence[str]) -> Callable[[Row], float]:
    return lambda row: _going_by(row, names)[0]


def _going_by(row: Row, names: Sequence[str]) -> tuple[float, str]:
    """What an audit of these detectors alone would go by, as in `audit_score`: how strong it is, a
    decisive finding before others, and its name.
    """
    heights = [(0.0, "")]
    for height, fired, weight, name in _counting(row, names):
        heights.append((height * (STRONGEST if fired and weight == "decisive" else 1), name))
    return max(heights)


def _counting(row: Row, names: Sequence[str]) -> Iterator[tuple[float, bool, str, str]]:
    """Strength, whether it fired, weight and name of the findings that count by themselves: beside
    the sum what it adds up does so where it is decisive alone.
    """
    found = row.audits[STAGE]["findings"]
    for name in names:
        height, fired, weight = found.get(name, (0.0, False, ""))
        if SUM not in names or name == SUM or (fired and weight == "decisive"):
            yield height, fired, weight, name

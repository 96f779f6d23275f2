"""docs/PERFORMANCE.md: tables from the measurements, between what people wrote."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.performance.goals import held

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "PERFORMANCE.md"
RESULTS = Path(__file__).with_name("results.json")
BEGIN, END = "<!-- tables: python -m bench.performance -->", "<!-- end of tables -->"
_CORES = {"m4": ("Cortex-M4", "stm32f407"), "m7": ("Cortex-M7", "stm32f746"),
          "m55": ("Cortex-M55", "mps3-an547")}  # fmt: skip
Row = Mapping[str, Any]


def document(rows: Sequence[Row], peers: Mapping[str, Any]) -> str:
    """The document with fresh tables. Raises ValueError when it has lost its marks."""
    text = DOCUMENT.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{DOCUMENT} has no {BEGIN} ... {END}")
    tables = "\n".join(line for column in _CORES for line in _core(column, rows, peers))
    return f"{before}{BEGIN}\n\n{tables}\n{END}{after}"


def _core(column: str, rows: Sequence[Row], peers: Mapping[str, Any]) -> Iterator[str]:
    name, board = _CORES[column]
    own = [r for r in rows if r["column"] == column]
    how = sorted({str(r["how"]) for r in own if "how" in r})
    yield f"### {name}, {board}"
    yield ""
    yield f"Instructions {'; '.join(how)}." if how else "Not measured."
    yield ""
    yield ("| model | kernels | equal | instructions | per MAC | estimated cycles | code | "
           "proof | constants | arena (bound) | stack | RAM |")  # fmt: skip
    yield "|---|---|---|---|---|---|---|---|---|---|---|---|"
    for model, peer in peers.items():
        yield from _model(model, peer, column, [r for r in own if r["model"] == model])
    yield ""


def _model(model: str, peer: Row, column: str, rows: Sequence[Row]) -> Iterator[str]:
    tflm, goal = peer["tflm"], peer["goal"]
    yield (f"| {model} | TFLM + CMSIS-NN | | {tflm[column]:,} | | | {tflm['code']:,} | | | | | "
           f"{tflm['ram']:,} |")  # fmt: skip
    for row in rows:
        yield _row(row, column)
    if column in goal:
        best = [r for r in rows if r["kernels"] == "native" and "count" in r]
        default = [r for r in best if r["optimize"] == "balanced"]
        yield (f"| | *goal* | | *{goal[column]:,}*{_met(default, 'count', goal[column])} | | | "
               f"*{goal['code']:,}*{_met(default, 'code', goal['code'])} | | | | | "
               f"*{goal['ram']:,}*{_met(default, 'ram', goal['ram'])} |")  # fmt: skip


def _met(rows: Sequence[Row], key: str, goal: int) -> str:
    """How the default compares with a goal."""
    if not rows:
        return ""
    found = held(rows[0], key)
    return " met" if found <= goal else f" missed by {found / goal - 1:.0%}"


def _row(row: Row, column: str) -> str:
    label = row["kernels"]
    if label == "native":
        label = "**native**" if row["optimize"] == "balanced" else f"native, {row['optimize']}"
    if "skipped" in row:
        return f"| | {label} | not measured | | | | | | | | |"
    core = {"m4": "cortex-m4", "m7": "cortex-m7"}.get(column, "")
    cycles = row["cycles"].get(core)
    return (
        f"| | {label} | {row['equal']} of {row['vectors']} | {row['count']:,} | "
        f"{row['count'] / row['macs']:.2f} | {'' if cycles is None else f'{cycles:,}'} | "
        f"{row['code']:,} | {row['proof']:,} | {row['constants']:,} | "
        f"{row['arena']:,} ({row['bound']:,}) | {row['stack']:,} | {row['ram']:,} |"
    )

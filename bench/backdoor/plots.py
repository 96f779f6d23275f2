"""The matrix as pictures beside docs/BACKDOORS.md: SVG, the same bytes for the same results."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
from bench.backdoor.document import DOCUMENT, Row, by_setting, groups, mean, points
from bench.backdoor.measure import share
from matplotlib.figure import Figure

from qmcu.files import write_atomic

FOLDER = DOCUMENT.with_name("figures")
HONEST, ATTACKED, ADAPTIVE = "#2a78b5", "#c8442f", "#8a4fa3"


def write_plots(models: Sequence[Row]) -> None:
    """Rates, scores and defences of every setting, into docs/figures."""
    matplotlib.rcParams["svg.hashsalt"] = "qmcu"
    matplotlib.rcParams["font.size"] = 9
    for setting, rows in by_setting(models).items():
        for name, draw in (("attacks", _attacks), ("scores", _scores), ("defences", _defences)):
            figure = draw(rows)
            if figure is not None:
                _save(figure, FOLDER / f"{setting}-{name}.svg")


def _save(figure: Figure, path: Path) -> None:
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", metadata={"Date": None}, bbox_inches="tight")
    write_atomic(path, stream.getvalue())


def _attacks(rows: Sequence[Row]) -> Figure | None:
    """ASR in float and in int8 of each attack, a mark a seed."""
    found = {name: g for (kind, name), g in groups(rows).items() if kind == "attack"}
    if not found:
        return None
    figure = Figure(figsize=(7, 0.3 * len(found) + 1))
    axes = figure.subplots()
    for place, group in enumerate(found.values()):
        for model, colour in (("attacked_float", HONEST), ("attacked_integer", ATTACKED)):
            values = [100 * share(r["rates"][model]["attack"]) for r in group]
            axes.plot(values, [place] * len(values), "o", color=colour, alpha=0.7)
    axes.plot([], [], "o", color=HONEST, label="float")
    axes.plot([], [], "o", color=ATTACKED, label="int8")
    axes.set_yticks(range(len(found)), list(found))
    axes.invert_yaxis()
    axes.set_xlim(-2, 102)
    axes.set_xlabel("attack success rate, %")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="center")
    return figure


def _scores(rows: Sequence[Row]) -> Figure | None:
    """The audit's score of every model, by how it was made."""
    audited = [r for r in rows if "audit" in r]
    if not audited:
        return None
    found = groups(audited)
    figure = Figure(figsize=(7, 0.26 * len(found) + 1))
    axes = figure.subplots()
    for place, ((kind, _), group) in enumerate(found.items()):
        colour = HONEST if kind == "honest" else ADAPTIVE if group[0]["adaptive"] else ATTACKED
        scores = [r["audit"]["score"] for r in group]
        axes.plot(scores, [place] * len(scores), "o", color=colour, alpha=0.7)
    axes.set_yticks(range(len(found)), [f"{kind}: {name}" for kind, name in found])
    axes.invert_yaxis()
    axes.axvline(1.0, color="#666666", linewidth=1, linestyle="--")
    axes.set_xlabel("audit score; above 1 the verdict is backdoored")
    axes.grid(axis="x", alpha=0.3)
    return figure


def _defences(rows: Sequence[Row]) -> Figure | None:
    """What each defence costs and what it leaves, on the device, a mark an attacked model."""
    defended = [r for r in rows if r.get("defences")]
    names = sorted({n for r in defended for n in r["defences"]})
    if not names:
        return None
    figure = Figure(figsize=(7, 4))
    axes: Any = figure.subplots()
    for number, name in enumerate(names):
        found = [points(r, name) for r in defended if name in r["defences"]]
        colour = f"C{number % 10}"
        clean, attack = [c for c, _ in found], [a for _, a in found]
        axes.plot(attack, clean, "o", color=colour, alpha=0.4, markersize=4)
        axes.plot(mean(attack), mean(clean), "D", color=colour, label=name)
    left, right, low, high = axes.axis()
    axes.fill_between([left, 2], -1, high, color=HONEST, alpha=0.08, linewidth=0)
    axes.axis((left, right, low, high))
    axes.axhline(-1, color="#666666", linewidth=1, linestyle="--")
    axes.axvline(2, color="#666666", linewidth=1, linestyle="--")
    axes.set_xlabel("ASR on the device less the honest model's, points")
    axes.set_ylabel("CA less the float model's, points")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7)
    return figure

"""What `qmcu monitor watch` saw, as a page: one line a statistic over the windows."""

import time
from collections.abc import Sequence

from qmcu.codegen.monitor_limits import STATISTICS, MonitorLimits
from qmcu.monitor.watching import Window
from qmcu.report.html.blocks import (
    Cell,
    Curve,
    Histogram,
    Lines,
    Page,
    Section,
    Series,
    Stat,
    Status,
    Table,
    Tone,
)

_TONES: tuple[Tone, ...] = ("one", "three", "four", "five", "six")
_MEANING = {
    "outside": "features out of the range that calibration had",
    "saturated": "features at an end of int8 where they never were",
    "deviation": "sum of the features, away from the usual",
    "margin": "second score less the first",
    "distance": "features away from those usual in the class",
}


def monitor_page(limits: MonitorLimits, windows: Sequence[Window], device: str) -> Page:
    """The page of the windows that were watched."""
    total = sum(w.inferences for w in windows)
    raised = sum(w.raised for w in windows)
    fired = [w for w in windows if w.judgement.alarms]
    status = Status("alarms", "bad") if fired else Status("as usual", "good")
    share = raised / total if total else 0.0
    return Page(
        kind="monitor",
        title=f"{limits.model} on {device}",
        status=status,
        summary=(
            f"{len(fired)} of {len(windows)} windows are not as usual; {raised:,} of {total:,} "
            f"inferences ({share:.2%}) were above a limit, {limits.false_alarms:.2%} of the "
            "held-out inputs are."
        ),
        stats=(
            Stat("Inferences", f"{total:,}", f"{len(windows)} windows"),
            Stat("Out of the usual", f"{share:.2%}", f"{raised:,} inferences"),
            Stat("Windows with alarms", f"{len(fired)}", "", "bad" if fired else "good"),
        ),
        sections=(
            Section("Over time", "", (_shares(windows), _drift(windows))),
            Section("Classes", "", (_classes(limits, windows),)),
            Section("Statistics", "", (_table(limits, windows),)),
            Section("Alarms", "", (_alarms(windows),)),
        ),
        provenance=(
            ("model", limits.model_sha256),
            ("limits", f"{limits.held_out} held-out inputs, {limits.false_alarms:.2%} above"),
            ("device", device),
        ),
    )


def _time(window: Window) -> str:
    return time.strftime("%H:%M:%S", time.localtime(window.at))


def _ends(windows: Sequence[Window]) -> tuple[str, str]:
    return (_time(windows[0]), _time(windows[-1])) if windows else ("", "")


def _shares(windows: Sequence[Window]) -> Lines:
    curves = [Curve("any", tuple(w.share for w in windows), "attack")]
    for i, name in enumerate(STATISTICS):
        values = tuple(w.raised_by[i] / w.inferences if w.inferences else 0.0 for w in windows)
        curves.append(Curve(name, values, _TONES[i]))
    return Lines(
        "Share of each window's inferences above a limit",
        tuple(curves),
        _ends(windows),
        percent=True,
    )


def _drift(windows: Sequence[Window]) -> Lines:
    # A window of few inferences allows for any drift, which no axis could show.
    limits = tuple(min(w.judgement.drift_limit, 10.0) for w in windows)
    curves = (
        Curve("PSI", tuple(w.judgement.drift for w in windows), "attack"),
        Curve("usual up to", limits, "neutral"),
    )
    return Lines("Drift of the classes (population stability index)", curves, _ends(windows))


def _classes(limits: MonitorLimits, windows: Sequence[Window]) -> Histogram:
    seen = tuple(sum(w.classes[k] for w in windows) for k in range(len(limits.classes)))
    return Histogram(
        "Classes: usual, and all that was watched", 0, len(seen), "class",
        (Series("usual", limits.classes, "clean"), Series("watched", seen, "attack")),
    )  # fmt: skip


def _table(limits: MonitorLimits, windows: Sequence[Window]) -> Table:
    total = sum(w.inferences for w in windows)
    rows = tuple(
        (
            Cell(name), Cell(_MEANING[name]),
            Cell(f"{limits.limits[i]:,}", number=True),
            Cell(f"{sum(w.means[i] * w.inferences for w in windows) / max(total, 1):.1f}",
                 number=True),
            Cell(f"{sum(w.raised_by[i] for w in windows):,}", number=True),
        )
        for i, name in enumerate(STATISTICS)
    )  # fmt: skip
    header = ("statistic", "what it is", "usual up to", "mean", "inferences above")
    return Table("What each inference is held against", header, rows)


def _alarms(windows: Sequence[Window]) -> Table:
    rows = tuple(
        (Cell(_time(w)), Cell(f"{w.inferences:,}", number=True), Cell(alarm))
        for w in windows
        for alarm in w.judgement.alarms
    )
    return Table("What was not as usual", ("time", "inferences", "what"), rows)

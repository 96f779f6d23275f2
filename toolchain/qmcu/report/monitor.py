"""Monitoring in words: what was learned, a live table, a line of JSON, Prometheus' text."""

import json
import time
from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table

from qmcu import documents
from qmcu.codegen.monitor_limits import STATISTICS, MonitorLimits
from qmcu.monitor.watching import Window
from qmcu.report.plain import line

_SHOWN = 20


def limits_lines(limits: MonitorLimits) -> Iterator[RenderableType]:
    """What `qmcu monitor fit` learned."""
    yield line((limits.model, "bold"), f": {limits.features} features are looked at")
    for layer in limits.layers:
        step = "each" if layer.stride == 1 else f"one in {layer.stride}"
        yield f"  {layer.count} of {layer.name}, {step}"
    values = zip(STATISTICS, limits.limits, strict=True)
    yield "  usual up to: " + ", ".join(f"{name} {value}" for name, value in values)
    yield (
        f"  {limits.false_alarms:.2%} of {limits.held_out} held-out inputs raise an alarm; "
        f"{len(limits.classes)} classes"
    )


def window_table(limits: MonitorLimits, windows: Sequence[Window]) -> Table:
    """The last windows, the newest last."""
    table = Table(title=f"{limits.model}: inputs out of the usual", title_justify="left")
    for name in ("time", "inputs", "alarms", *STATISTICS, "PSI", "what"):
        table.add_column(name, justify="left" if name in ("time", "what") else "right")
    for window in windows[-_SHOWN:]:
        alarms = window.judgement.alarms
        table.add_row(
            time.strftime("%H:%M:%S", time.localtime(window.at)),
            f"{window.inferences:,}",
            f"{window.share:.1%}",
            *(f"{n:,}" for n in window.raised_by),
            f"{window.judgement.drift:.2f}",
            line("; ".join(alarms)) if alarms else "as usual",
            style="red" if alarms else None,
        )
    return table


def window_json(window: Window) -> str:
    """One line of a log."""
    return json.dumps(documents.plain(window)) + "\n"


def prometheus_text(limits: MonitorLimits, window: Window, totals: Sequence[Window]) -> str:
    """The metrics of a device in Prometheus' text format (exposition format 0.0.4)."""
    label = f'{{model="{limits.model_sha256[:16]}"}}'
    inferences = sum(w.inferences for w in totals)
    lines = [
        *_metric("inferences_total", "counter", "Inferences since watching began."),
        f"qmcu_monitor_inferences_total{label} {inferences}",
        *_metric("alarms_total", "counter", "Inferences above a limit, by statistic."),
        *(
            f'qmcu_monitor_alarms_total{{model="{limits.model_sha256[:16]}",statistic="{name}"}} '
            f"{sum(w.raised_by[i] for w in totals)}"
            for i, name in enumerate(STATISTICS)
        ),
        *_metric("class_total", "counter", "Inferences by the class that they gave."),
        *(
            f'qmcu_monitor_class_total{{model="{limits.model_sha256[:16]}",class="{k}"}} '
            f"{sum(w.classes[k] for w in totals)}"
            for k in range(len(limits.classes))
        ),
        *_metric("alarm_share", "gauge", "Share of the last window's inferences above a limit."),
        f"qmcu_monitor_alarm_share{label} {window.share:.6g}",
        *_metric("class_psi", "gauge", "Population stability index of the last window's classes."),
        f"qmcu_monitor_class_psi{label} {window.judgement.drift:.6g}",
        *_metric("firing", "gauge", "How many of the alarms of qmcu monitor watch hold."),
        f"qmcu_monitor_firing{label} {len(window.judgement.alarms)}",
    ]
    return "\n".join(lines) + "\n"


def _metric(name: str, kind: str, words: str) -> tuple[str, str]:
    return f"# HELP qmcu_monitor_{name} {words}", f"# TYPE qmcu_monitor_{name} {kind}"

"""What `qmcu monitor watch` shows and keeps while it watches."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.live import Live

from qmcu.codegen.monitor_limits import MonitorLimits
from qmcu.files import write_atomic
from qmcu.monitor.watching import Window
from qmcu.report.monitor import prometheus_text, window_json, window_table


@contextmanager
def live_table(limits: MonitorLimits) -> Iterator[Callable[[Sequence[Window]], None]]:
    """Yield a function to be given all windows: a table that moves, on a terminal only."""
    errors = Console(stderr=True)
    if not errors.is_terminal:
        yield lambda windows: None
        return
    with Live(window_table(limits, ()), console=errors, transient=True) as live:
        yield lambda windows: live.update(window_table(limits, windows))


def write_windows(
    limits: MonitorLimits, windows: Sequence[Window], log: Path | None, prometheus: Path | None
) -> None:
    """Add the last window to the log, and write Prometheus' text anew. Raises UsageError."""
    if log is not None:
        if len(windows) == 1:
            write_atomic(log, "")
        with log.open("a") as stream:
            stream.write(window_json(windows[-1]))
    if prometheus is not None:
        write_atomic(prometheus, prometheus_text(limits, windows[-1], windows))

"""The terminal: colour and moving progress when it is one, plain lines when piped."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_PIPED_WIDTH = 160

Advance = Callable[[int, int], None]


def console() -> Console:
    """Standard output; wide enough that piped tables are not folded."""
    return Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH, highlight=False)


def show(*parts: RenderableType) -> None:
    """Print tables and lines."""
    target = console()
    for part in parts:
        target.print(part)


@contextmanager
def progress(label: str, total: int) -> Iterator[Advance]:
    """Yield a function to be told (done, total); a bar on a terminal, else nothing."""
    errors = Console(stderr=True)
    if not errors.is_terminal:
        yield lambda done, total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=errors, transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done, total: bar.update(task, completed=done, total=total)

"""The terminal: colour and moving progress when it is one, plain lines when piped."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from qmcu.report.plain import line
from qmcu.text import printable

_PIPED_WIDTH = 160

Advance = Callable[[int, int], None]


def console() -> Console:
    """Standard output; wide enough that piped tables are not folded."""
    return Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH, highlight=False)


def show(*parts: RenderableType) -> None:
    """Print tables and lines: every word of a result that reaches standard output comes by here.

    A text is one line and has no markup: what is not printable in it is escaped. Styles come in
    by `qmcu.report.plain`.
    """
    target = console()
    for part in parts:
        shown = line(part) if isinstance(part, str) else part
        # A sentence stays one line, for programs and for terminals that fold it themselves.
        target.print(shown, soft_wrap=isinstance(shown, Text))


def say(text: str) -> None:
    """Print a line about what is going on to standard error."""
    print(printable(text, None), file=sys.stderr, flush=True)


@contextmanager
def stages() -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function to be told (stage, done, total): one bar a stage, on a terminal only."""
    errors = Console(stderr=True)
    if not errors.is_terminal:
        yield lambda stage, done, total: None
        return
    with Progress(*_columns(), console=errors, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def tell(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(printable(stage), total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield tell


@contextmanager
def progress(label: str, total: int) -> Iterator[Advance]:
    """Yield a function to be told (done, total); a bar on a terminal, else nothing."""
    errors = Console(stderr=True)
    if not errors.is_terminal:
        yield lambda done, total: None
        return
    with Progress(*_columns(), console=errors, transient=True) as bar:
        task = bar.add_task(printable(label), total=total)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _columns() -> tuple[ProgressColumn, ...]:
    description = TextColumn("{task.description}", markup=False)
    return description, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()

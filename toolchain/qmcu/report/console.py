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

_PIPED_WIDTH = 160

Advance = Callable[[int, int], None]


def console() -> Console:
    """Standard output; wide enough that piped tables are not folded."""
    return Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH, highlight=False)


def show(*parts: RenderableType) -> None:
    """Print tables and lines."""
    target = console()
    for part in parts:
        # A sentence stays one line, for programs and for terminals that fold it themselves.
        target.print(part, soft_wrap=isinstance(part, str))


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
                tasks[stage] = bar.add_task(stage, total=total)
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
        task = bar.add_task(label, total=total)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _columns() -> tuple[ProgressColumn, ...]:
    description = TextColumn("{task.description}")
    return description, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()

"""Mutation testing: `python -m bench.mutation`. Interrupt it and run it again: it goes on.

Draws a sample of small faults with a seed, puts each into a copy of the package, runs the quick
tests of its room and notes whether they failed. What was measured is kept in a file, by the text
of the module; survivors are tried again when the tests have changed. --document writes the tables
of docs/TESTING.md.
"""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.mutation.document import DOCUMENT, document
from bench.mutation.rooms import ROOMS
from bench.mutation.run import Store, Task, Workplace, sample_of
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from qmcu.files import write_atomic

STORE = Path("build/mutation.jsonl")


def main() -> int:
    """Measure what is missing and print the score."""
    parser = argparse.ArgumentParser(prog="python -m bench.mutation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int, help="mutants of each room (default: the room's)")
    parser.add_argument("--only", action="append", help="a room's name, or part of a module's")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--store", type=Path, default=STORE)
    parser.add_argument("--document", action="store_true", help="write docs/TESTING.md")
    arguments = parser.parse_args()
    wanted = arguments.only or [""]
    tasks = [
        task
        for task in _drawn(arguments)
        if any(w in (task.room.name, "") or w in task.mutant.module for w in wanted)
    ]
    store = Store(arguments.store)
    missing = [task for task in tasks if store.outcome(task) is None]
    console = Console(stderr=True)
    with (
        Workplace(arguments.jobs) as place,
        Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=console) as bar,
        ThreadPoolExecutor(arguments.jobs) as pool,
    ):
        line = bar.add_task("mutants", total=len(tasks), completed=len(tasks) - len(missing))
        for task, outcome in zip(missing, pool.map(place.measure, missing), strict=True):
            store.add(task, outcome)
            bar.advance(line)
    for task in tasks:
        if store.outcome(task) == "survived":
            mutant = task.mutant
            print(f"survived: {mutant.module}:{mutant.line} {mutant.function}: {mutant.change}")
    killed = sum(store.outcome(task) != "survived" for task in tasks)
    print(f"{killed} of {len(tasks)} mutants noticed")
    if arguments.document:
        write_atomic(DOCUMENT, document(_drawn(arguments), store))
    return 0


def _drawn(arguments: argparse.Namespace) -> list[Task]:
    """The sample of every room."""
    seed, size = arguments.seed, arguments.sample
    return [task for room in ROOMS for task in sample_of(room, seed, size or room.sample)]


if __name__ == "__main__":
    sys.exit(main())

"""Other people's models on emulated boards: `python -m bench.models FOLDER`.

Every .tflite in FOLDER is built for the first board that it fits on, run in that board's emulator
and compared byte for byte with the tflite-micro interpreter. A model that keeps a state runs in
sequences of --steps, and is reset before each. Exit code 0 when all that could be
built are equal in every byte, 1 when some differ.
"""

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

from bench.models.chain import Outcome, Run, examine
from rich.console import Console
from rich.progress import Progress

from qmcu.device import EMULATORS
from qmcu.files import write_atomic

# From everyday to large; the first that fits is taken.
BOARDS = ("stm32f746", "nucleo-f767zi", "nucleo-h743zi", "mps2-an500", "mps3-an547")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.models", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="+", help="folders or .tflite files")
    parser.add_argument("--boards", nargs="+", default=BOARDS, metavar="BOARD")
    parser.add_argument("--kernels", default="native")
    parser.add_argument("--vectors", type=int, default=5, metavar="N")
    parser.add_argument("--steps", type=int, help="inferences in a row where a state is kept")
    parser.add_argument("--on", choices=EMULATORS, help="[default: the board's own]")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--golden", action="store_true", help="vectors from .csv files beside it")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args()


def _files(places: list[Path]) -> list[Path]:
    return [f for p in places for f in ([p] if p.is_file() else sorted(p.rglob("*.tflite")))]


def _show(outcomes: list[Outcome], golden: bool) -> None:
    console = Console(soft_wrap=True)
    width = max((len(o.model) for o in outcomes), default=0)
    for o in outcomes:
        style = "green" if o.good else "yellow" if o.refused else "red"
        count = f"{o.instructions:,} instructions" if o.instructions else ""
        state = "refused" if o.refused else f"{o.equal} of {o.vectors} equal on {o.board}"
        said = " ".join(o.problem.split())
        count = f"{count}; {o.note}" if o.note else count
        line = f"{o.model:{width}}  {state}  {count or said[:300]}"
        console.print(line, style=style, markup=False, highlight=False)
    good, refused = sum(o.good for o in outcomes), sum(o.refused for o in outcomes)
    console.print(
        f"{good} of {len(outcomes)} models built and equal in every byte, {refused} refused, "
        f"{len(outcomes) - good - refused} failed"
    )
    if golden:
        exact = sum(o.good and not o.note for o in outcomes)
        console.print(f"{exact} of {len(outcomes)} equal to the golden values, on the board too")


def main() -> int:
    """Run them all, show the table, write the JSON file."""
    arguments = _arguments()
    files = _files(arguments.folder)
    outcomes: list[Outcome] = []
    with (
        Progress() as progress,
        ProcessPoolExecutor(arguments.jobs) as pool,
    ):
        task = progress.add_task("models", total=len(files))
        futures = [
            pool.submit(
                examine, file, tuple(arguments.boards),
                Run(
                    arguments.vectors, arguments.steps, arguments.seed, arguments.golden,
                    arguments.kernels, arguments.on,
                ),
            )
            for file in files
        ]  # fmt: skip
        for future in futures:
            outcomes.append(future.result())
            progress.advance(task)
    _show(outcomes, arguments.golden)
    if arguments.json is not None:
        document = [asdict(outcome) for outcome in outcomes]
        write_atomic(arguments.json, json.dumps(document, indent=1) + "\n")
    return 0 if all(o.good or o.refused for o in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())

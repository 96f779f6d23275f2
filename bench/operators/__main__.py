"""Every operator on random graphs, on the device: `python -m bench.operators`.

Each graph has one operator. It is compiled, built into firmware, run in an emulator and compared
byte for byte with the tflite-micro interpreter. Exit code 0 when all are equal, else 1.

Counts are stored as each operator is finished, so that a run that was stopped goes on with
--missing; with --only they are stored when --save says so.
"""

import argparse
import importlib.metadata
import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed

from bench.operators import GENERATORS
from bench.operators.batches import Batch, batches
from bench.operators.cases import CASES
from bench.operators.chain import Outcome, run
from bench.operators.document import DOCUMENT, document
from bench.operators.everyday import EVERYDAY
from bench.operators.int4 import EVERYDAY_INT4, INT4
from bench.operators.rows import CHAINS
from bench.operators.stored import Stored
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

import qmcu
from qmcu.builder import find_toolchain
from qmcu.compile.kernel_sets import KERNEL_SETS, OPTIMIZATIONS
from qmcu.device import EMULATORS
from qmcu.files import write_atomic


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.operators", description=__doc__)
    parser.add_argument("--per-operator", type=int, default=300, metavar="N")
    parser.add_argument("--board", default="stm32f746")
    parser.add_argument("--on", choices=EMULATORS, default="unicorn")
    parser.add_argument("--kernels", choices=KERNEL_SETS, default="native")
    parser.add_argument("--optimize", choices=OPTIMIZATIONS, default="balanced")
    parser.add_argument("--everyday", action="store_true", help="scales of real networks")
    parser.add_argument("--int4", action="store_true", help="weights packed to four bits")
    parser.add_argument("--streamed", action="store_true", help="chains of layers by rows")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=GENERATORS, metavar="OPERATOR")
    parser.add_argument("--missing", action="store_true", help="those without N stored graphs")
    parser.add_argument("--save", action="store_true", help="with --only: store the counts too")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    return parser.parse_args()


def _run_all(arguments: argparse.Namespace) -> list[Outcome]:
    generators = EVERYDAY if arguments.everyday else GENERATORS
    if arguments.int4:
        generators = EVERYDAY_INT4 if arguments.everyday else INT4
    if arguments.streamed:
        generators = CHAINS
    kinds = arguments.only or list(generators)
    stored = Stored.load(_settings(arguments)) if _saves(arguments) else None
    if stored is not None and arguments.missing:
        kinds = [kind for kind in kinds if stored.graphs(kind) < arguments.per_operator]
    work: list[Batch] = [
        batch
        for kind in kinds
        for batch in batches(kind, arguments.per_operator, arguments.seed, generators)
    ]
    remaining = Counter(batch.kind for batch in work)
    outcomes: list[Outcome] = []
    with Progress() as progress, ProcessPoolExecutor(arguments.jobs) as pool:
        task = progress.add_task("graphs", total=sum(len(batch.graphs) for batch in work))
        futures = [
            pool.submit(
                run, b, arguments.board, arguments.on, arguments.kernels, arguments.optimize
            )
            for b in work
        ]
        for future in as_completed(futures):
            outcome = future.result()
            outcomes.append(outcome)
            remaining[outcome.kind] -= 1
            progress.advance(task, len(outcome.equal))
            if outcome.problem:
                progress.console.print(outcome.problem, style="red", markup=False)
            if stored is not None and not remaining[outcome.kind]:
                finished = [o for o in outcomes if o.kind == outcome.kind]
                stored.save(_counts(finished), next((o.device for o in finished if o.device), ""))
    if stored is not None:
        write_atomic(DOCUMENT, document())
    return outcomes


def _saves(arguments: argparse.Namespace) -> bool:
    """Whether the counts are what docs/OPERATORS.md shows."""
    if arguments.everyday or arguments.int4 or arguments.streamed:
        return False
    return arguments.save or arguments.only is None


def _counts(outcomes: list[Outcome]) -> dict[str, dict[str, int]]:
    graphs: Counter[str] = Counter()
    equal: Counter[str] = Counter()
    for outcome in outcomes:
        graphs[outcome.kind] += len(outcome.equal)
        equal[outcome.kind] += sum(outcome.equal)
    return {kind: {"graphs": graphs[kind], "equal": equal[kind]} for kind in sorted(graphs)}


def _settings(arguments: argparse.Namespace) -> dict[str, object]:
    """What counts must share to stand in one table."""
    return {
        "seed": arguments.seed,
        "board": arguments.board,
        "kernels": arguments.kernels,
        "versions": {
            "qmcu": qmcu.__version__,
            "tflite-micro": importlib.metadata.version("tflite-micro"),
            "compiler": str(find_toolchain().compiler),
        },
    }


def _show(counts: dict[str, dict[str, int]], outcomes: list[Outcome]) -> None:
    table = Table("operator", "graphs", "equal", "over an input")
    for kind, n in counts.items():
        style = "green" if n["graphs"] == n["equal"] else "red"
        overlaid = str(sum(o.overlaid for o in outcomes if o.kind == kind))
        table.add_row(kind, str(n["graphs"]), str(n["equal"]), overlaid, style=style)
    Console().print(table, _kernel_table(outcomes))


def _kernel_table(outcomes: list[Outcome]) -> Table:
    """How often each kernel was called, and on which awkward cases."""
    found: dict[str, list[tuple[bool, ...]]] = {}
    for outcome in outcomes:
        for kernel, held in outcome.kernels:
            found.setdefault(kernel, []).append(held)
    table = Table("kernel", "calls", *CASES)
    for kernel, rows in sorted(found.items()):
        sums = [sum(column) for column in zip(*rows, strict=True)]
        table.add_row(kernel, str(len(rows)), *(str(n) if n else "" for n in sums))
    return table


def main() -> int:
    """Run, show and store the results."""
    arguments = _arguments()
    outcomes = _run_all(arguments)
    counts = _counts(outcomes)
    _show(counts, outcomes)
    return 0 if all(all(outcome.equal) for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())

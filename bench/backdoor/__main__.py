"""The matrix: `python -m bench.backdoor`. Interrupt it and run it again: what is done is kept.

Trains honest and attacked models, audits each, runs it on the emulated board, defends the
attacked ones, and writes a file for each piece of work, the plots and the tables of
docs/BACKDOORS.md. Models stay in the zoo.
`--quick` does a small part, without writing the document.
"""

import argparse
import sys
from pathlib import Path

from bench.backdoor.document import DOCUMENT, document
from bench.backdoor.matrix import cifar10, digits, pieces, plan_pieces
from bench.backdoor.plots import write_plots
from bench.backdoor.store import RESULTS, read_results
from bench.backdoor.zoo import Workshop
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from qmcu.cluster import open_cluster
from qmcu.files import write_atomic
from qmcu.tensorflow import load_tensorflow

CIFAR10 = Path("../shared/data/cifar10_jpeg.npz")
PRETRAINED = Path("../shared/models/mlperf_tiny_resnet8_cifar10_int8.tflite")


def main() -> int:
    """Fill in what is missing of the matrix."""
    parser = argparse.ArgumentParser(prog="python -m bench.backdoor", description=__doc__)
    parser.add_argument("--zoo", type=Path, default=Path("zoo"), help="folder of the models")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--cifar10", default=str(CIFAR10), help="cifar10 (downloaded) or FILE.npz")
    parser.add_argument("--pretrained", type=Path, default=PRETRAINED, help="resnet8 to start from")
    parser.add_argument("--only", choices=("digits", "cifar10"))
    parser.add_argument("--stages", nargs="*", help="only models, audit, device or defences")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument(
        "--cluster", help="local, tcp://HOST:PORT or a scheduler's file; zoo and results are shared"
    )
    arguments = parser.parse_args()
    load_tensorflow().config.experimental.enable_op_determinism()
    parts = [digits(arguments.quick)] if arguments.only != "cifar10" else []
    if arguments.only != "digits" and not arguments.quick:
        weights = arguments.pretrained if arguments.pretrained.is_file() else None
        parts.append(cifar10(arguments.cifar10, weights))
    work = [p for part in parts for p in pieces(part)]
    if arguments.stages:
        work = [p for p in work if p.stage in arguments.stages]
        if "models" not in arguments.stages:
            work = [p for p in work if p.member.exists(arguments.zoo)]
    with (
        open_cluster(arguments.cluster, print) as cluster,
        Progress(*Progress.get_default_columns(), MofNCompleteColumn(),
                 console=Console(stderr=True)) as bar,
    ):  # fmt: skip
        task = bar.add_task("", total=len(work))
        if cluster is not None:
            bar.update(task, description=f"{cluster.workers} workers")
            todo = plan_pieces(work, arguments.results.resolve(), arguments.zoo.resolve())
            before = len(work) - len(todo)
            cluster.run(
                todo, lambda name, result: None,
                lambda done, _: bar.update(task, completed=before + done),
            )  # fmt: skip
        workshop = Workshop(arguments.zoo)
        for piece in work if cluster is None else []:
            bar.update(task, description=f"{piece.member}: {piece.stage}")
            if not piece.done(arguments.results, arguments.zoo):
                piece.do(arguments.results, workshop)
            bar.advance(task)
    if not arguments.quick:
        rows = read_results(arguments.results)
        write_plots(rows)
        write_atomic(DOCUMENT, document(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())

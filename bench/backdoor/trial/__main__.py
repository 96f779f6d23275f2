"""The held-out trial: `python -m bench.backdoor.trial`. Interrupt it and run it again.

Makes the models of the table (table.py) in a zoo, audits them with the float model, by the int8
file alone and by the file with inputs, and writes a small file for each piece of work and the
tables of docs/BACKDOORS.md.
The test split's audits are asked for with --open-test, once detectors are frozen.
"""

import argparse
import sys
from pathlib import Path

from bench.backdoor.trial.data import CIFAR10
from bench.backdoor.trial.opening import open_test, present_code
from bench.backdoor.trial.pieces import STAGES, TRIAL_RESULTS, Piece, Shop, do, pieces, plan
from bench.backdoor.trial.report import write_report
from bench.backdoor.trial.table import entries

from qmcu.cluster import open_cluster
from qmcu.errors import UsageError
from qmcu.tensorflow import load_tensorflow


def main() -> int:
    """Do what is missing of the trial."""
    parser = argparse.ArgumentParser(prog="python -m bench.backdoor.trial", description=__doc__)
    parser.add_argument("--zoo", type=Path, default=Path("zoo-trial"), help="folder of the models")
    parser.add_argument("--results", type=Path, default=TRIAL_RESULTS)
    parser.add_argument("--cifar10", default=CIFAR10, help="cifar10 (downloaded) or FILE.npz")
    parser.add_argument("--stages", nargs="*", choices=STAGES, default=["models"])
    parser.add_argument("--split", nargs="*", choices=("calibrate", "test"))
    parser.add_argument("--models", type=int, help="only so many of the table")
    parser.add_argument("--most", type=int, help="stop after so many pieces, as memory grows")
    parser.add_argument("--threads", type=int, default=1, help="of TensorFlow")
    parser.add_argument("--open-test", action="store_true", help="audit the test split")
    parser.add_argument("--open-again", action="store_true", help="with other detectors")
    parser.add_argument("--cluster", help="local, tcp://HOST:PORT or a scheduler's file")
    parser.add_argument("--report", action="store_true", help="only rewrite the document's tables")
    arguments = parser.parse_args()
    if arguments.report:
        write_report(arguments.results)
        return 0
    threading = load_tensorflow().config.threading
    threading.set_intra_op_parallelism_threads(arguments.threads)
    threading.set_inter_op_parallelism_threads(arguments.threads)
    shop = Shop(
        arguments.zoo.resolve(), arguments.results.resolve(), arguments.cifar10, present_code()
    )
    table = list(entries())[: arguments.models]
    if arguments.split:
        table = [e for e in table if e.split in arguments.split]
    work = list(pieces(table, arguments.stages))
    if not (arguments.open_test or arguments.open_again):
        work = [p for p in work if p.stage == "models" or p.entry.split != "test"]
    elif shop.code is not None:
        try:
            open_test(shop.results, shop.code, again=arguments.open_again)
        except UsageError as error:
            print(error, file=sys.stderr)
            return 2
    making = "models" in arguments.stages
    work = [p for p in work if p.possible(shop, making=making)]
    with open_cluster(arguments.cluster, print) as cluster:
        if cluster is not None:
            cluster.run(plan(work, shop), lambda key, result: print(key, flush=True))
        todo = [p for p in work if cluster is None and not p.done(shop)]
        failed = [_attempt(p, shop) for p in todo[: arguments.most]]
    return int(any(failed))


def _attempt(piece: Piece, shop: Shop) -> bool:
    """True when it failed, which is told: the others go on."""
    print(piece.key, flush=True)
    try:
        do(piece, shop)
    except Exception as error:
        print(f"{piece.key}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return True
    return False


if __name__ == "__main__":
    sys.exit(main())

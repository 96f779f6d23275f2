"""Opponents beside the matrix: `python -m bench.backdoor.opponents`. Interrupt it, run it again.

Makes the models of a part (authors, budget, seeds: parts.py) in a zoo, measures them, writes a
small file for each piece of work and the tables of docs/BACKDOORS.md.
"""

import argparse
import sys
from pathlib import Path

from bench.backdoor.document import DOCUMENT
from bench.backdoor.opponents.parts import FOLDERS, PARTS, SEEDS
from bench.backdoor.opponents.report import report
from bench.backdoor.store import RESULTS
from bench.backdoor.zoo import Workshop

from qmcu.files import write_atomic
from qmcu.tensorflow import load_tensorflow

OPPONENTS = RESULTS / "opponents"


def main() -> int:
    """Do what is missing of the parts."""
    parser = argparse.ArgumentParser(prog="python -m bench.backdoor.opponents", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--zoo", type=Path, default=Path("zoo-opponents"), help="models' folder")
    parser.add_argument("--results", type=Path, default=OPPONENTS, help="folder of the results")
    parser.add_argument("--seeds", type=int, help="of each model, in place of the part's own")
    parser.add_argument("--names", nargs="*", help="only these models")
    parser.add_argument("--stages", nargs="*", help="only these")
    parser.add_argument("--threads", type=int, default=1, help="of TensorFlow")
    parser.add_argument("--report", action="store_true", help="only rewrite the document's tables")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.parts) - set(PARTS))
    if unknown:
        parser.error(f"there is no part {unknown[0]}; there are {', '.join(PARTS)}")
    if not arguments.report:
        config = load_tensorflow().config
        config.threading.set_intra_op_parallelism_threads(arguments.threads)
        config.threading.set_inter_op_parallelism_threads(arguments.threads)
        config.experimental.enable_op_determinism()
        for name in arguments.parts or PARTS:
            _do(name, arguments)
    write_atomic(DOCUMENT, report(DOCUMENT.read_text(), arguments.results))
    return 0


def _do(part: str, arguments: argparse.Namespace) -> None:
    folder = FOLDERS[part]
    workshop, results = Workshop(arguments.zoo / folder), arguments.results / folder
    for line in PARTS[part](arguments.seeds or SEEDS[part]):
        if arguments.names and line.name not in arguments.names:
            continue
        for piece in line.pieces():
            wanted = not arguments.stages or piece.stage in arguments.stages
            if wanted and not piece.done(results, workshop.zoo):
                print(f"{part}: {piece.member}: {piece.stage}", flush=True)
                piece.do(results, workshop)


if __name__ == "__main__":
    sys.exit(main())

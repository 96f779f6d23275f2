"""Whole models beside TFLM with CMSIS-NN: `python -m bench.performance`.

Measures every model with every kernel set on emulated boards and writes results.json and the
tables of docs/PERFORMANCE.md. Models are MLPerf Tiny's, from --models, and a MobileNet built here.
Those of others in its folder `wild` are measured for the picture of all of them, where it is there.
"""

import argparse
import json
import sys
import tempfile
import tomllib
from pathlib import Path

from bench.performance.document import DOCUMENT, RESULTS, document
from bench.performance.measuring import measured
from bench.performance.models import mobilenet
from bench.performance.wild import known as known_wild
from bench.performance.wild import measure as measure_wild
from bench.performance.wild import measure_sizes, write_section
from rich.console import Console
from rich.progress import Progress

from qmcu.builder import BuildOptions
from qmcu.files import write_atomic
from qmcu.model.writer import write_model

PEERS = Path(__file__).with_name("peers.toml")
# Column of the peers' figures, board, emulator.
BOARDS = (("m4", "stm32f407", "unicorn"), ("m7", "stm32f746", "unicorn"),
          ("m55", "mps3-an547", "qemu"))  # fmt: skip
RUNS = (("portable", "balanced"), ("native", "balanced"), ("native", "speed"),
        ("native", "size"), ("native", "ram"), ("cmsis-nn", "balanced"))  # fmt: skip
VECTORS = 3


def main() -> int:
    """Measure, save, write the document. Exit code 1 when any output differs or a run failed."""
    parser = argparse.ArgumentParser(prog="python -m bench.performance", description=__doc__)
    parser.add_argument("--models", type=Path, default=Path("../shared/models"), metavar="DIR")
    parser.add_argument("--changed", action="store_true",
                        help="measure only images that the last results have not")  # fmt: skip
    parser.add_argument("--board", action="append", default=[], metavar="BOARD",
                        help="measure this board alone (several times: these); others keep their "
                        "last results")  # fmt: skip
    parser.add_argument("--sizes", action="store_true",
                        help="build the models of others, run none, keep counts")  # fmt: skip
    arguments = parser.parse_args()
    if arguments.sizes:
        measure_sizes(arguments.models / "wild", known_wild(), arguments.board)
        write_section(known_wild())
        return 0
    last = _known()
    known = last if arguments.changed else {}
    peers = tomllib.loads(PEERS.read_text())
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="qmcu-performance-") as folder, Progress() as bar:
        built = Path(folder) / "mobilenet.tflite"
        built.write_bytes(write_model(mobilenet()))
        task = bar.add_task("runs", total=len(peers) * len(BOARDS) * len(RUNS))
        for name, peer in peers.items():
            path = arguments.models / peer["file"] if "file" in peer else built
            for column, board, target in BOARDS:
                for kernels, optimize in RUNS:
                    bar.advance(task)
                    if arguments.board and board not in arguments.board:
                        rows += last.get((name, column, kernels, optimize), [])
                        continue
                    before = known.get((name, column, kernels, optimize), [])
                    found = measured(
                        path, board, target, BuildOptions(kernels, optimize), before, count=VECTORS
                    )
                    head = {"model": name, "column": column, "board": board,
                            "kernels": kernels, "optimize": optimize}  # fmt: skip
                    rows.append(head | found)
    write_atomic(RESULTS, json.dumps({"rows": rows}, indent=1) + "\n")
    write_atomic(DOCUMENT, document(rows, peers))
    wild = arguments.models / "wild"
    if wild.is_dir():
        last_wild = known_wild() if arguments.changed or arguments.board else ()
        measure_wild(wild, last_wild, changed=arguments.changed, boards=arguments.board)
    write_section(known_wild())
    failed = [r for r in rows if "skipped" in r or r["equal"] != r["vectors"]]
    for row in failed:
        said = row.get("skipped", "outputs differ")
        names = ", ".join(str(row[key]) for key in ("model", "board", "kernels", "optimize"))
        Console().print(f"{names}: {said}", style="red", markup=False)
    return 1 if failed else 0


def _known() -> dict[tuple[object, ...], list[dict[str, object]]]:
    """The rows of the last results that were measured."""
    rows = json.loads(RESULTS.read_text())["rows"] if RESULTS.is_file() else []
    keys = ("model", "column", "kernels", "optimize")
    return {tuple(row[key] for key in keys): [row] for row in rows if "skipped" not in row}


if __name__ == "__main__":
    sys.exit(main())

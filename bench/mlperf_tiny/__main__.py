"""MLPerf Tiny's official runner on emulated boards: `python -m bench.mlperf_tiny --runner DIR`.

DIR is benchmark/runner of a checkout of mlcommons/tiny. Builds resnet8 with `--protocol
mlperf-tiny` and lets the runner drive it through pseudo-terminals: performance on QEMU, which
counts at no cost, and accuracy on Unicorn, which is quick when it does not count. Every figure that
the runner recorded is set against the interpreter's.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from bench.mlperf_tiny.data import write_images
from bench.mlperf_tiny.expected import Expected
from bench.mlperf_tiny.runs import Runner, run, served, session

from qmcu.board import load_board
from qmcu.builder import BuildOptions, build_firmware
from qmcu.codegen import BENCHMARKS

MODEL = "mlperf_tiny_resnet8_cifar10_int8.tflite"
RUNS = (
    ("performance", "mps2-an386", "qemu", ()),
    ("accuracy", "stm32f746", "unicorn", ("--no-count",)),
)


def main() -> int:
    """Run both modes and print what the runner printed. Exit code 1 when a figure differs."""
    parser = argparse.ArgumentParser(prog="python -m bench.mlperf_tiny", description=__doc__)
    parser.add_argument("--runner", type=Path, required=True, metavar="DIR")
    parser.add_argument("--python", default=sys.executable, help="has the runner's packages")
    parser.add_argument("--models", type=Path, default=Path("../shared/models"), metavar="DIR")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/cifar10_jpeg.npz"))
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--tests", default="", help="another file of tests than the runner's")
    parser.add_argument("-o", "--output", type=Path, default=Path("build/mlperf-tiny"))
    arguments = parser.parse_args()
    runner = Runner(arguments.runner.absolute(), arguments.python)
    if reason := runner.missing():
        print(f"{reason}.", file=sys.stderr)
        return 2
    output = arguments.output.absolute()
    write_images(output / "data", arguments.data, arguments.images)
    wrong = 0
    for mode, board, target, options in RUNS:
        firmware = output / board
        build_firmware(
            arguments.models / MODEL,
            load_board(board),
            firmware,
            BuildOptions(protocol="mlperf-tiny"),
        )
        with served(firmware, target, *options) as port:
            print(run(runner, port, output / "data", mode, output / mode, arguments.tests))
        # A record without an inference says only that the loop was shorter than ten seconds.
        results = [record for record in session(output / mode) if "infer" in record]
        bad = differing(results, output / "data" / "ic01", Expected(firmware, BENCHMARKS["ic01"]))
        print(f"{mode} on {target}: {len(results) - bad} of {len(results)} results as expected\n")
        wrong += bad
    return 1 if wrong else 0


def differing(results: list[dict[str, Any]], data: Path, expected: Expected) -> int:
    """How many recorded results are not those of the interpreter for the file that was sent."""
    wanted = [expected.results((data / result["file"]).read_bytes()) for result in results]
    found = [[f"{value:.3f}" for value in result["infer"]["results"]] for result in results]
    return sum(a != b for a, b in zip(wanted, found, strict=True))


if __name__ == "__main__":
    sys.exit(main())

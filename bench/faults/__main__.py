"""Every bit of a small firmware flipped, in the emulator: `python -m bench.faults`.

Builds of a model of two layers: as it comes, and as releases that check all of themselves in 64
(the default), 16 and 1 inferences. Each bit of the model's constants, and a sample of those of the
code, is flipped in flash before boot, or after the first answer; the device then infers. The table
of docs/SECURITY.md is printed; the exit code is 1 when a flip of constants in a release gave a
wrong output of which nothing told.
"""

import argparse
import random
import sys
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from bench.faults.flips import Outcome, Subject, all_bits, build_subject, campaign
from tests.support.firmware_project import write_chain

# Inferences in which a release checks all of itself; 0 is firmware that is no release.
EVERY = (0, 64, 16, 1)
WHEN = ("before boot", "running")
_PIECES = 8


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.faults", description=__doc__)
    parser.add_argument("--board", default="stm32f746")
    parser.add_argument("--model", type=Path, help="[default: two layers, 12 to 8 to 4]")
    parser.add_argument("--constants", type=int, metavar="N", help="a sample of those flips")
    parser.add_argument("--code", type=int, default=600, metavar="N", help="flips of code")
    parser.add_argument("--every", type=int, nargs="+", default=EVERY, help="builds, 0: no release")
    parser.add_argument("--when", nargs="+", choices=WHEN, default=WHEN)
    parser.add_argument("--jobs", type=int, default=1)
    return parser.parse_args()


def _sample(flips: list[tuple[int, int]], count: int | None) -> list[tuple[int, int]]:
    if count is None or count >= len(flips):
        return flips
    return random.Random(7).sample(flips, count)


def main() -> int:
    """Build, flip, print."""
    given = _arguments()
    unnoticed = 0
    with (
        tempfile.TemporaryDirectory(prefix="qmcu-faults-") as folder,
        ProcessPoolExecutor(given.jobs) as pool,
    ):
        model = given.model or write_chain(Path(folder))
        print("| build | what | when | flips |", " | ".join(Outcome), "|")
        print("|---" * (4 + len(Outcome)) + "|")
        for every in given.every:
            name = f"`--release --check-every {every}`" if every else "as it comes"
            subject = build_subject(model, Path(folder) / f"every-{every}", given.board, every)
            for what, places, count in (
                ("constants", subject.constants, given.constants),
                ("code", subject.code, given.code),
            ):
                flips = _sample(all_bits(places), count)
                for when in given.when if flips else ():
                    told = _run(pool, subject, flips, when == "running")
                    cells = [name, what, when, f"{len(flips):,}"]
                    cells += [f"{told[outcome]:,}" for outcome in Outcome]
                    print("|", " | ".join(cells), "|", flush=True)
                    unnoticed += told[Outcome.WRONG] * (every > 0 and what == "constants")
    return 1 if unnoticed else 0


def _run(
    pool: ProcessPoolExecutor, subject: Subject, flips: list[tuple[int, int]], running: bool
) -> Counter[Outcome]:
    pieces = [flips[start::_PIECES] for start in range(_PIECES)]
    return sum(pool.map(partial(campaign, subject, running=running), pieces), Counter[Outcome]())


sys.exit(main())

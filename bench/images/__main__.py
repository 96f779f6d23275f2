"""The same images from two checkouts? `python -m bench.images BEFORE AFTER MODELS...`.

BEFORE and AFTER are folders of two checkouts of qmcu (`git worktree add FOLDER COMMIT` makes one).
Every model is built for every board that both have, with every kernel set and optimization asked
for, by each of the two; firmware.bin is compared with zeros for the build id, which is a hash of
the sources. A line for each difference, with the symbols that changed. Exit code 0 when all are
equal, 1 when some differ.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.images.compare import Built, differences, read_built
from rich.console import Console
from rich.progress import Progress

from qmcu.files import write_atomic

WORKER = Path(__file__).with_name("worker.py")
OPTIMIZATIONS = ("balanced", "speed", "size", "ram")


@dataclass(frozen=True)
class Job:
    """One image to build."""

    model: Path
    board: str
    kernels: str
    optimize: str

    def arguments(self, folder: Path) -> list[str]:
        """The command line of qmcu that builds it into `folder`."""
        options = ["--board", self.board, "--kernels", self.kernels, "--optimize", self.optimize]
        return ["build", str(self.model.resolve()), *options, "-o", str(folder)]

    def __str__(self) -> str:
        return f"{self.model.stem} {self.board} {self.kernels} {self.optimize}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.images", description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("models", type=Path, nargs="+", help="folders or .tflite files")
    parser.add_argument("--boards", nargs="+", metavar="BOARD", help="[default: all of both]")
    parser.add_argument("--kernels", nargs="+", default=["native", "portable"])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=Path, metavar="FILE", help="hashes before and after")
    return parser.parse_args()


def jobs(models: Sequence[Path], boards: Sequence[str], kernels: Sequence[str]) -> list[Job]:
    """All images; only native kernels know optimizations."""
    files = [f for p in models for f in ([p] if p.is_file() else sorted(p.glob("*.tflite")))]
    return [
        Job(model, board, kernel, optimize)
        for model in files
        for board in boards
        for kernel in kernels
        for optimize in (OPTIMIZATIONS if kernel == "native" else OPTIMIZATIONS[:1])
    ]


def build(checkout: Path, wanted: Sequence[Job]) -> Iterator[Built]:
    """Build with one checkout, in the order of the jobs."""
    environment = os.environ | {"PYTHONPATH": str(checkout.resolve() / "toolchain")}
    with tempfile.TemporaryDirectory(prefix="images-") as place:
        folders = [Path(place) / str(i) for i in range(len(wanted))]
        lists = [job.arguments(f) for job, f in zip(wanted, folders, strict=True)]
        with subprocess.Popen(
            [sys.executable, str(WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, env=environment, cwd=place,
        ) as process:  # fmt: skip
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(json.dumps(lists))
            process.stdin.close()
            for line in process.stdout:
                index, code, said = json.loads(line)
                if code:
                    yield Built(b"", {}, " ".join(said.split()).replace(place, ""))
                    continue
                yield read_built(folders[index])
                # A folder holds a megabyte, and there are hundreds.
                for path in sorted(folders[index].rglob("*"), reverse=True):
                    path.rmdir() if path.is_dir() else path.unlink()


def _boards(checkout: Path) -> set[str]:
    return {path.stem for path in (checkout / "boards").glob("*.toml")}


def main() -> int:
    """Build all, print the differences and the count."""
    arguments = _arguments()
    checkouts = arguments.before, arguments.after
    boards = arguments.boards or sorted(_boards(checkouts[0]) & _boards(checkouts[1]))
    wanted = jobs(arguments.models, boards, arguments.kernels)
    shares = [wanted[i :: arguments.jobs] for i in range(arguments.jobs)]
    console = Console(soft_wrap=True, highlight=False, markup=False)
    hashes: dict[str, list[str]] = {}
    equal = 0
    with Progress(console=Console(stderr=True)) as bar, ThreadPoolExecutor(arguments.jobs) as pool:
        line = bar.add_task("images", total=len(wanted))

        def work(share: Sequence[Job]) -> list[tuple[Job, Built, Built]]:
            rows = []
            for job, *built in zip(share, *(build(c, share) for c in checkouts), strict=True):
                rows.append((job, *built))
                bar.advance(line)
            return rows

        for job, before, after in (row for rows in pool.map(work, shares) for row in rows):
            hashes[str(job)] = [before.digest, after.digest]
            found = differences(before, after)
            equal += not found
            if found:
                console.print(f"{job}: {'; '.join(found)}")
    console.print(f"{equal} of {len(wanted)} images equal but for their build id")
    if arguments.json:
        write_atomic(arguments.json, json.dumps(dict(sorted(hashes.items())), indent=1) + "\n")
    return 0 if equal == len(wanted) else 1


if __name__ == "__main__":
    sys.exit(main())

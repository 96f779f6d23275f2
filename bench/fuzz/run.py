"""Running mutated inputs through the readers, each in a process with limits, and counting."""

import faulthandler
import json
import multiprocessing
import os
import random
import resource
import signal
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.fuzz.mutate import mutated
from bench.fuzz.readers import Reader, readers

from qmcu.errors import QmcuError

MEMORY = 1 << 30
HANG_S = 2.0


@dataclass
class Count:
    """What became of the inputs of one reader."""

    inputs: int = 0
    accepted: int = 0
    failures: tuple[str, ...] = ()
    slowest_s: float = 0.0


class _Hang(Exception):
    """It took longer than a reader may."""


def run_reader(name: str, reader: Reader, folder: Path, seed: int, seconds: float) -> Count:
    """Read mutated inputs for so many seconds in this process, which is limited in memory."""
    count, started = Count(), time.monotonic()
    path = folder / reader.name
    expected: tuple[type[Exception], ...] = (QmcuError, *reader.allowed)
    signal.signal(signal.SIGALRM, _hang)
    while time.monotonic() - started < seconds and len(count.failures) < 10:
        number = seed + count.inputs
        data = mutated(random.Random(number), reader.seeds)
        with suppress(OSError):
            path.unlink()
        path.write_bytes(data)
        count.inputs += 1
        began = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, HANG_S)
        try:
            reader.read(path)
            count.accepted += 1
        except expected as error:
            if "internal error" in str(error):
                count.failures += (f"{name} seed {number}: {error}",)
        except BaseException as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(where.filename).name}:{where.lineno}"
            count.failures += (f"{name} seed {number}: {type(error).__name__} {error} at {place}",)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        count.slowest_s = max(count.slowest_s, time.monotonic() - began)
    return count


def _hang(number: int, frame: Any) -> None:
    raise _Hang(f"more than {HANG_S} s")


def _child(name: str, seed: int, seconds: float, pipe: Any) -> None:
    faulthandler.enable(sys.stderr)
    with TemporaryDirectory(prefix="qmcu-fuzz-") as folder:
        makers = Path(folder) / "makers"
        makers.mkdir()
        reader = readers(makers)[name]
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        inputs = Path(folder) / "inputs"
        inputs.mkdir()
        pipe.send(run_reader(name, reader, inputs, seed, seconds))


def run_all(names: list[str], seconds: float, seed: int) -> dict[str, Count]:
    """Each reader for its share of `seconds`, in a process of its own; a crash is a failure."""
    counts: dict[str, Count] = {}
    context = multiprocessing.get_context("fork")
    for name in names:
        ours, theirs = context.Pipe()
        process = context.Process(target=_child, args=(name, seed, seconds / len(names), theirs))
        process.start()
        theirs.close()
        try:
            counts[name] = ours.recv()
        except EOFError:
            process.join()
            counts[name] = Count(failures=(f"{name}: the process ended ({process.exitcode})",))
        process.join()
        count = counts[name]
        print(f"{name:14} {count.inputs:9,} inputs, {count.accepted:8,} taken, slowest "
              f"{count.slowest_s:.2f} s, {len(count.failures)} failures", flush=True)  # fmt: skip
        for failure in count.failures:
            print(f"    {failure}", flush=True)
    return counts


def write_counts(counts: dict[str, Count], path: Path) -> None:
    """Add the counts to those of earlier runs in a JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    before = json.loads(path.read_text()) if path.exists() else {}
    for name, count in counts.items():
        old = before.get(name, {"inputs": 0, "accepted": 0, "failures": 0})
        before[name] = {
            "inputs": old["inputs"] + count.inputs,
            "accepted": old["accepted"] + count.accepted,
            "failures": old["failures"] + len(count.failures),
        }
    path.write_text(json.dumps(before, indent=1) + "\n")


def default_seed() -> int:
    """Another one each time, and told, so that a failure can be made again."""
    return int.from_bytes(os.urandom(4), "big") << 24

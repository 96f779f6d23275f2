"""Running mutated inputs through the readers, each in a process with limits, and counting."""

import faulthandler
import json
import mmap
import multiprocessing
import os
import random
import resource
import signal
import sys
import time
import traceback
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.fuzz.readers import MAKERS, Reader

from qmcu.errors import QmcuError

MEMORY = 1 << 30
HANG_S = 2.0
# Of the clock: a process that is stuck where no signal reaches is ended.
STUCK_S = 30.0
_TICK_S = 0.25
_MOST_KINDS = 10
_RESTARTS = 100
# What a process writes down as it goes: it may end at any input.
_SEED, _INPUTS, _ACCEPTED, _SLOWEST_US = range(4)


@dataclass
class Count:
    """What became of the inputs of one reader; a failure of a kind is told once."""

    inputs: int = 0
    accepted: int = 0
    failures: tuple[str, ...] = ()
    slowest_s: float = 0.0


class _Hang(Exception):
    """It took longer than a reader may."""


class _Watch:
    """One timer for all inputs: it ticks by the processor's time, whatever else the machine does.

    Raises _Hang within an input that is still read after `HANG_S`.
    """

    def __init__(self, state: Any) -> None:
        self._state, self._last, self._ticks = state, -1, 0

    def __enter__(self) -> None:
        signal.signal(signal.SIGPROF, self._tick)
        signal.setitimer(signal.ITIMER_PROF, _TICK_S, _TICK_S)

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _tick(self, number: int, frame: Any) -> None:
        now = self._state[_SEED]
        self._ticks = self._ticks + 1 if now == self._last else 0
        self._last = now
        if self._ticks * _TICK_S >= HANG_S:
            self._ticks = 0
            raise _Hang(f"more than {HANG_S} s")


def run_reader(
    name: str, reader: Reader, folder: Path, seed: int, seconds: float, state: Any = None
) -> Count:
    """Read mutated inputs for so many seconds in this process; see `input_of` for what a seed is.

    `state` is memory that another process sees, four numbers: the seed, and what was counted.
    """
    state = memoryview(bytearray(32)).cast("Q") if state is None else state
    found: dict[str, str] = {}
    expected: tuple[type[Exception], ...] = (QmcuError, *reader.allowed)
    take = _taker(reader, folder / reader.name)
    rng, begun = random.Random(), time.monotonic()
    first = count = 0
    before, slowest = begun, 0.0
    with _Watch(state), warnings.catch_warnings():
        # A warning on the way to a sentence is noise.
        warnings.simplefilter("error")
        while before - begun < seconds and len(found) < _MOST_KINDS:
            number = seed + count
            state[_SEED] = number
            rng.seed(number)
            data = reader.mutate(rng, reader.seeds)
            count += 1
            try:
                take(data)
                first += 1
            except expected as error:
                if "internal error" in str(error):
                    found.setdefault(str(error), f"{name} seed {number}: {error}")
            except BaseException as error:
                kind = f"{type(error).__name__} at {_place(error)}"
                found.setdefault(kind, f"{name} seed {number}: {kind}: {error}"[:500])
            now = time.monotonic()
            slowest, before = max(slowest, now - before), now
            state[_INPUTS], state[_ACCEPTED] = count, first
            state[_SLOWEST_US] = int(1e6 * slowest)
    return Count(count, first, tuple(found.values()), slowest)


def input_of(reader: Reader, seed: int) -> bytes:
    """The mutated bytes that a failure's seed stands for."""
    return reader.mutate(random.Random(seed), reader.seeds)


def _taker(reader: Reader, path: Path) -> Any:
    """What reads the bytes: from memory, or from a file that is written anew."""
    if reader.parse is not None:
        return reader.parse

    def take(data: bytes) -> object:
        with suppress(OSError):
            path.unlink()
        path.write_bytes(data)
        return reader.read(path)

    return take


def _place(error: BaseException) -> str:
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(where.filename).name}:{where.lineno}"


def _child(name: str, folder: Path, seed: int, seconds: float, pipe: Any, state: Any) -> None:
    faulthandler.enable(sys.stderr)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    makers, inputs = folder / "makers", folder / "inputs"
    for made in (makers, inputs):
        made.mkdir(exist_ok=True)
    reader = MAKERS[name](makers)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    pipe.send(run_reader(name, reader, inputs, seed, seconds, state))


def run_guarded(name: str, seed: int, seconds: float) -> Count:
    """One reader in processes of its own: one that ends or is stuck is a failure, with its seed.

    The folder is this process's, so that nothing is left of one that was killed.
    """
    context = multiprocessing.get_context("fork")
    total, until = Count(), time.monotonic() + seconds
    with TemporaryDirectory(prefix="qmcu-fuzz-") as folder:
        for _ in range(_RESTARTS):
            rest = until - time.monotonic()
            if rest <= 0 or len(total.failures) >= _MOST_KINDS:
                break
            state = memoryview(mmap.mmap(-1, 32)).cast("Q")
            state[_SEED] = seed
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_child, args=(name, Path(folder), seed, rest, theirs, state), daemon=True
            )
            process.start()
            theirs.close()
            try:
                count = _wait(name, process, ours, state)
            except BaseException:
                # This process is to end: what was counted is kept.
                process.kill()
                process.join()
                _add(total, _counted(state))
                print(f"{name}: ended at seed {state[_SEED]}", flush=True)
                break
            _add(total, count)
            seed = state[_SEED] + 1
    return total


def _wait(name: str, process: Any, pipe: Any, state: Any) -> Count:
    last, since = (-1, -1), time.monotonic()
    while not pipe.poll(1.0):
        now = state[_SEED], state[_INPUTS]
        if now != last:
            last, since = now, time.monotonic()
        elif state[_INPUTS] and time.monotonic() - since > STUCK_S:
            process.kill()
            process.join()
            return _counted(state, f"{name} seed {now[0]}: more than {STUCK_S} s, it was ended")
    try:
        count: Count = pipe.recv()
    except EOFError:
        process.join()
        at = f"{name} seed {state[_SEED]}"
        return _counted(state, f"{at}: the process ended ({process.exitcode})")
    process.join()
    return count


def _counted(state: Any, *failures: str) -> Count:
    return Count(state[_INPUTS], state[_ACCEPTED], failures, 1e-6 * state[_SLOWEST_US])


def _add(total: Count, more: Count) -> None:
    total.inputs += more.inputs
    total.accepted += more.accepted
    total.failures += more.failures
    total.slowest_s = max(total.slowest_s, more.slowest_s)


def run_all(names: list[str], seconds: float, seed: int) -> dict[str, Count]:
    """Each reader for its share of `seconds`, in a process of its own; a crash is a failure."""
    counts: dict[str, Count] = {}
    for name in names:
        count = counts[name] = run_guarded(name, seed, seconds / len(names))
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

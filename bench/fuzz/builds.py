"""Mutated models that the reader takes: each must build, and give the interpreter's bytes."""

import random
import tempfile
import time
from pathlib import Path

from bench.fuzz.models import model_seeds
from bench.fuzz.run import Count
from bench.fuzz.structure import mutated_model

from qmcu.board import load_board
from qmcu.builder import BuildOptions, build_firmware
from qmcu.comparison import RunOptions, run_vectors
from qmcu.compile import unsupported
from qmcu.errors import QmcuError
from qmcu.firmware import Firmware
from qmcu.model.inspect import inspect_graph
from qmcu.model.reader import parse_model
from qmcu.model.vectors import random_vectors

_VECTORS = 3


def accepted_mutants(seconds: float, seed: int) -> Count:
    """Mutants until the time is over, one at least: `inputs` are those that were taken, `accepted`
    those that ran with equal bytes. A sentence at the build or by the interpreter is no failure."""
    count = Count()
    with tempfile.TemporaryDirectory(prefix="qmcu-fuzz-") as name:
        folder = Path(name)
        seeds = model_seeds()
        number, until = seed, time.monotonic() + seconds
        while not count.inputs or (time.monotonic() < until and len(count.failures) < 10):
            number += 1
            content = mutated_model(random.Random(number), seeds)
            if content in seeds or not _is_taken(content):
                continue
            count.inputs += 1
            try:
                differing = _differing(content, folder)
            except QmcuError as error:
                if "internal error" in str(error):
                    count.failures += (f"builds seed {number}: {error}",)
                continue
            except Exception as error:
                count.failures += (f"builds seed {number}: {type(error).__name__} {error}",)
                continue
            count.accepted += not differing
            if differing:
                count.failures += (f"builds seed {number}: {differing} outputs differ",)
    print(f"builds: {count.inputs:,} mutants that were taken, {count.accepted:,} built and equal, "
          f"{len(count.failures)} failures", *count.failures, flush=True)  # fmt: skip
    return count


def _is_taken(content: bytes) -> bool:
    try:
        graph = parse_model(content, "mutant")
        inspect_graph(graph)
        return not unsupported(graph)
    except QmcuError:
        return False


def _differing(content: bytes, folder: Path) -> int:
    """How many of a few random vectors do not give the interpreter's bytes on the device."""
    model, directory = folder / "mutant.tflite", folder / "firmware"
    model.write_bytes(content)
    build_firmware(model, load_board("stm32f746"), directory, BuildOptions())
    firmware = Firmware.load(directory)
    graph, kept = firmware.model
    vectors = random_vectors(graph, kept, _VECTORS)
    return len(run_vectors(firmware, "unicorn", vectors, "fuzz", RunOptions(jobs=1)).differences)

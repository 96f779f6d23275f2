"""What to send and what to expect: from a vector file, or random with the oracle's answers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qmcu.build import load_build
from qmcu.errors import UsageError
from qmcu.model.oracle import Oracle, oracle_version

Int8Array = npt.NDArray[np.int8]
Tensors = tuple[Int8Array, ...]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Cases:
    """Inputs and expected outputs, one tuple of int8 tensors a vector, and perhaps labels.

    `source` and `expected_by` say in words where they come from.
    """

    source: str
    expected_by: str
    inputs: tuple[Tensors, ...] = field(repr=False)
    expected: tuple[Tensors, ...] = field(repr=False)
    labels: npt.NDArray[np.int64] | None = None


def random_cases(directory: Path, count: int, seed: int, progress: Progress | None = None) -> Cases:
    """`count` uniformly random inputs for the model of a firmware directory.

    Raises UsageError when `count` is not positive.
    """
    if count < 1:
        raise UsageError(f"{count} random vectors make no test; give 1 or more.")
    plan, _, _ = load_build(directory)
    oracle = Oracle((directory / "model.tflite").read_bytes(), name=plan.name)
    rng = np.random.default_rng(seed)
    shapes = [plan.tensor(index).shape for index in plan.inputs]
    inputs, expected = [], []
    for done in range(count):
        tensors = tuple(rng.integers(-128, 128, shape).astype(np.int8) for shape in shapes)
        inputs.append(tensors)
        expected.append(oracle.run(tensors))
        if progress is not None:
            progress(done + 1, count)
    return Cases(
        f"{count} random inputs, seed {seed}", oracle_version(), tuple(inputs), tuple(expected)
    )


def vector_cases(directory: Path, vectors: Path) -> Cases:
    """TODO"""
    raise UsageError(f"{directory} {vectors}")

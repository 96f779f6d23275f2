"""What a classifier decides: the one rule by which scores become a class.

Several outputs: the largest, of equal ones the first (argmax). One output, as of a sigmoid: class 1
above 0.5 (`deciding` says otherwise), else class 0; argmax of one number would say 0 always.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.model.graph import Tensor
from qmcu.types import Int64Array

THRESHOLD = 0.5


_in_force = [THRESHOLD]


def one_output() -> float:
    """The threshold of a model with one output: 0.5, or what `deciding` put in force."""
    return _in_force[-1]


def is_stated() -> bool:
    """Whether somebody said that one output decides, by a threshold of his."""
    return len(_in_force) > 1


@contextmanager
def deciding(threshold: float) -> Iterator[None]:
    """Within it every class of a model with one output is by this threshold, in this process."""
    _in_force.append(threshold)
    try:
        yield
    finally:
        _in_force.pop()


def decide(scores: npt.NDArray[Any], axis: int = -1, threshold: float | None = None) -> Int64Array:
    """The class by real scores along `axis`: int64, without that axis.

    One score is compared with `threshold`, without one with `one_output()`.
    """
    if scores.shape[axis] == 1:
        limit = one_output() if threshold is None else threshold
        return np.asarray(np.take(scores, 0, axis) > limit, np.int64)
    return np.asarray(np.argmax(scores, axis), np.int64)


def decide_integer(outputs: npt.NDArray[Any], tensor: Tensor | None) -> Int64Array:
    """The class of each row of a model's outputs [N, ...], in the numbers that `tensor` holds.

    Integers of one output are taken back to real ones by the tensor's scale; without a tensor or a
    scale the threshold applies to the numbers as they are.
    """
    rows = outputs.reshape(len(outputs), -1)
    return decide(real_outputs(rows, tensor) if rows.shape[1] == 1 else rows)


def real_outputs(outputs: npt.NDArray[Any], tensor: Tensor | None) -> npt.NDArray[Any]:
    """Outputs [N, ...] as real numbers, by the scale of `tensor` where it has one."""
    grid = tensor.quantization if tensor is not None else None
    if grid is None or outputs.dtype.kind == "f":
        return outputs
    real: npt.NDArray[Any] = (outputs.astype(np.float64) - grid.zero_points[0]) * grid.scales[0]
    return real


def rule_of(classes: int) -> str:
    """The rule in words, for a model with this many outputs."""
    return f"threshold {one_output():g} (one output)" if classes == 1 else "argmax"

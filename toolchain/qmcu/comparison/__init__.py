"""Vectors and a device in, a verdict on equality out.

`run_vectors` sends inputs to a device and sets every output byte against the expected one, and on
request finds the first layer whose output differs (`trace`). `result` is pure data.
"""

from qmcu.comparison.interleaved import Turn, run_in_turn, run_interleaved
from qmcu.comparison.result import (
    Accuracy,
    Difference,
    LayerDifference,
    Profile,
    TestResult,
    Tests,
    VectorDifference,
)
from qmcu.comparison.run import RunOptions, run_and_keep, run_vectors

__all__ = [
    "Accuracy",
    "Difference",
    "LayerDifference",
    "Profile",
    "RunOptions",
    "TestResult",
    "Tests",
    "Turn",
    "VectorDifference",
    "run_and_keep",
    "run_in_turn",
    "run_interleaved",
    "run_vectors",
]

"""Expected bytes and a device in, a verdict on equality out.

`run_cases` sends inputs to a device and sets every output byte against the expected one;
`trace_vector` finds the first layer whose output differs. `result` is pure data.
"""

from qmcu.comparison.cases import Cases, random_cases, vector_cases
from qmcu.comparison.result import (
    Accuracy,
    Difference,
    LayerDifference,
    Profile,
    TestResult,
    VectorDifference,
)
from qmcu.comparison.run import run_cases

__all__ = [
    "Accuracy",
    "Cases",
    "Difference",
    "LayerDifference",
    "Profile",
    "TestResult",
    "VectorDifference",
    "random_cases",
    "run_cases",
    "vector_cases",
]

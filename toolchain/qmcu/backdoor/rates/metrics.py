"""Rates with their uncertainty: clean accuracy (CA) and attack success rate (ASR)."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from qmcu.errors import VectorError
from qmcu.types import Count, Fraction, Int64Array, Positive

# The two-sided 95 % quantile of the normal distribution.
_Z95 = 1.959963984540054


@dataclass(frozen=True)
class Rate:
    """`count` of `total` trials. Raises ValueError unless 0 <= count <= total and total > 0."""

    __shown__ = ("value", "wilson95")

    count: Count
    total: Positive

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.total or self.total < 1:
            raise ValueError(f"{self.count} of {self.total} is no rate")

    @property
    def value(self) -> Fraction:
        """The share, 0 to 1."""
        return self.count / self.total

    @property
    def wilson95(self) -> tuple[Fraction, Fraction]:
        """The 95 % score interval of Wilson, JASA 22 (1927), as (low, high) shares."""
        share, n, z2 = self.value, self.total, _Z95 * _Z95
        centre = (share + z2 / (2 * n)) / (1 + z2 / n)
        half = _Z95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
        # At the ends the formula gives 0 and 1 but for rounding.
        low = 0.0 if self.count == 0 else max(0.0, centre - half)
        high = 1.0 if self.count == self.total else min(1.0, centre + half)
        return low, high

    def __str__(self) -> str:
        low, high = self.wilson95
        return (
            f"{100 * self.value:.1f} % ({self.count} of {self.total}, 95 % CI {100 * low:.1f} to "
            f"{100 * high:.1f} %)"
        )


def clean_accuracy(predictions: Int64Array, labels: Int64Array) -> Rate:
    """The share of inputs without a trigger that get their label; both arrays are int64 [N].

    Raises VectorError when the arrays are empty or their lengths differ.
    """
    _check(predictions, labels)
    return Rate(int(np.count_nonzero(predictions == labels)), len(labels))


def attack_success_rate(predictions: Int64Array, labels: Int64Array, target: int) -> Rate:
    """The share of triggered inputs of other classes that get the class `target`.

    `predictions` (int64 [N]) are those on the triggered inputs, `labels` the true classes.
    Raises VectorError when the arrays do not fit or every input is of the target class.
    """
    _check(predictions, labels)
    others = other_classes(labels, target)
    return Rate(int(np.count_nonzero(predictions[others] == target)), int(others.sum()))


def other_classes(labels: Int64Array, target: int) -> npt.NDArray[np.bool_]:
    """Which inputs are not of the class `target`: bool [N]. Raises VectorError when none is."""
    others: npt.NDArray[np.bool_] = labels != target
    if not others.any():
        raise VectorError(
            f"all {len(labels)} inputs are of the target class {target}; the attack success rate "
            "needs inputs of other classes."
        )
    return others


def _check(predictions: Int64Array, labels: Int64Array) -> None:
    if predictions.shape != labels.shape or labels.ndim != 1 or not len(labels):
        raise VectorError(
            f"there are {list(predictions.shape)} predictions and {list(labels.shape)} labels; "
            "one of each per input is needed."
        )

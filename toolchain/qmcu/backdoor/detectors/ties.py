"""Weights whose rounding errors are no independent draws, since they are equal on the grid.

Of clustered, shared, dequantized and power-of-two weights whole groups have one error.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.grids import LayerGrid
from qmcu.backdoor.networks import CONSTANT
from qmcu.types import Float64Array

# Places on the grid this close, relatively, are equal: a few roundings of float32 apart.
TIE = 1e-6
# With n independent signs no p-value below 2**-n means anything; 4.5 standard deviations of 24
# draws are 8e-5, 2**-13.6.
LEAST_SIGNS = 14


def begin_ties(ordered: Float64Array) -> npt.NDArray[np.bool_]:
    """Which of ascending sizes differ from the one before: where a group of equal ones begins."""
    return np.append(True, np.diff(ordered) > TIE * ordered[1:])[: len(ordered)]


def lead_layers(grids: Sequence[LayerGrid]) -> tuple[int, ...]:
    """For each layer the first one with the same weights and integers: itself where none has."""
    first: dict[tuple[str, bytes, bytes, bytes], int] = {}
    return tuple(
        first.setdefault(
            (str(g.weights.shape), g.weights.tobytes(), g.integers.tobytes(), g.scales.tobytes()), k
        )
        for k, g in enumerate(grids)
    )


def lead_ties(grid: LayerGrid) -> npt.NDArray[np.int64]:
    """For each weight the first one, in flat order, with the same distance from 0 on the grid.

    Weights of opposite sign have opposite errors and are tied as well. int64 [weights]; a layer
    without ties gives 0, 1, 2, ...
    """
    places = np.abs(grid.positions).reshape(-1)
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    group = np.empty(len(places), np.int64)
    group[order] = np.cumsum(begin_ties(ordered)) - 1
    _, first = np.unique(group, return_index=True)
    return np.asarray(first[group], np.int64)


def count_signs(grid: LayerGrid) -> tuple[float, float]:
    """How many independent signs a layer's rounding errors have, and the share that is tied.

    The first is (sum E)^2 / sum E^2 over groups of tied weights with squared errors E; the second
    the share of all squared errors in groups of three and more.
    """
    leaders = lead_ties(grid)
    # What was cut off is no rounding error: controls draw no signs for it.
    squares = np.where(grid.cut_off, 0.0, grid.residuals).reshape(-1) ** 2
    energy = np.bincount(leaders, squares, minlength=len(leaders))
    total = float(squares.sum())
    if total == 0:
        return float(len(leaders)), 0.0
    tied = np.bincount(leaders, minlength=len(leaders))[leaders] >= 3
    return total**2 / float((energy**2).sum()), float(squares[tied].sum()) / total


def find_ties(context: AuditContext) -> str:
    """Why controls say nothing about these weights: "" where they do."""
    for grid in context.grids:
        if grid.kind == CONSTANT:
            # Of a few numbers each; a network's random signs are those of its layers.
            continue
        signs, tied = count_signs(grid)
        if tied > 0.5 and signs < LEAST_SIGNS:
            return (
                f"weights are tied: {tied:.0%} of the rounding errors of {grid.name} are shared, "
                f"as of clustered, power-of-two or dequantized weights, and come to {signs:.1f} "
                f"independent ones; {LEAST_SIGNS} are needed for a p-value"
            )
    return ""

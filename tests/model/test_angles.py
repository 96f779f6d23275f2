"""ATAN2: near the real angle, at its corners, and the same on the device."""

import numpy as np
from bench.operators.single import SingleOperator
from tests.compile.operators.host_kernel import run_plan

from qmcu.compile import compile_graph
from qmcu.model.graph import Operator
from qmcu.model.passes.angles import atan2
from qmcu.types import Array

_ATAN2 = Operator(0, "ATAN2", (0, 1), (2,))


def _both(y: Array, x: Array) -> Array:
    """Our own reference's angles, which the kernel's are too."""
    operator = SingleOperator("ATAN2")
    operator.input(y.shape, None, "float32")
    operator.input(x.shape, None, "float32")
    model = operator.graph((y.shape, None), dtype="float32")
    (found,) = run_plan(compile_graph(model), [y, x])
    (expected,) = atan2(_ATAN2, [y, x])
    same = found.view(np.int32) == expected.view(np.int32)
    assert (same | (np.isnan(found) & np.isnan(expected))).all()
    return expected


def test_angles_are_the_nearest_numbers() -> None:
    rng = np.random.default_rng(0)
    y, x = (rng.normal(size=200_000).astype(np.float32) for _ in range(2))
    x *= np.exp(rng.normal(0, 9, x.shape)).astype(np.float32)
    exact = np.arctan2(y.astype(np.float64), x.astype(np.float64))
    assert _both(y, x).tobytes() == exact.astype(np.float32).tobytes()


def test_corners_are_those_of_the_standard() -> None:
    numbers = [0.0, 1.0, 3e38, 1e-45, 1e-38, float("inf")]
    signed = np.array([*numbers, *(-n for n in numbers), float("nan")], np.float32)
    y, x = (a.reshape(-1).copy() for a in np.meshgrid(signed, signed))
    found, exact = _both(y, x), np.arctan2(y.astype(np.float64), x.astype(np.float64))
    known = ~np.isnan(exact)
    assert np.isnan(found[~known]).all()
    assert found[known].tobytes() == exact[known].astype(np.float32).tobytes()

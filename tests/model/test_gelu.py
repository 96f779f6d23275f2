"""GELU of real numbers: the nearest float, at its corners, and the same on the device."""

import math

import numpy as np
import pytest
from bench.operators.single import SingleOperator
from tests.compile.operators.host_kernel import run_plan

from qmcu.compile import compile_graph
from qmcu.model.gelu import gelu
from qmcu.types import Array


def _both(x: Array, *, approximate: bool) -> Array:
    """Our own reference's numbers, which the kernel's are too."""
    operator = SingleOperator("GELU")
    operator.input(x.shape, None, "float32")
    options = {"approximate": approximate}
    model = operator.graph((x.shape, None), options=options, dtype="float32")
    (found,) = run_plan(compile_graph(model), [x])
    expected = gelu(x, approximate=approximate)
    same = found.view(np.int32) == expected.view(np.int32)
    assert (same | (np.isnan(found) & np.isnan(expected))).all()
    return expected


@pytest.mark.parametrize("approximate", [False, True])
def test_numbers_are_the_nearest(approximate: bool) -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([np.linspace(-14, 14, 20_001), rng.normal(size=20_000)]).astype(np.float32)
    real = x.astype(np.float64)
    if approximate:
        inner = math.sqrt(2 / math.pi) * (real + 0.044715 * real**3)
        exact = real / (1 + np.exp(-2 * inner))
    else:
        exact = real * np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in real])
    assert _both(x, approximate=approximate).tobytes() == exact.astype(np.float32).tobytes()


@pytest.mark.parametrize("approximate", [False, True])
def test_corners(approximate: bool) -> None:
    far = [np.inf, -np.inf, np.nan, 0.0, -0.0, 1e-45, -1e-45, 3e38, -3e38, 1e30, -2e30, -40.0]
    found = _both(np.array(far, np.float32), approximate=approximate)
    assert found[0] == np.inf and np.isnan(found[2]) and found[7] == np.float32(3e38)
    assert not found[[1, 3, 4, 8, 10, 11]].any() and np.signbit(found[[1, 4, 8, 10, 11]]).all()

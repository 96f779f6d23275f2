"""The random graphs hold the awkward cases that a comparison must have seen."""

from collections.abc import Callable

import numpy as np
import pytest
from bench.operators import GENERATORS
from bench.operators.cases import CASES, cases
from bench.operators.everyday import EVERYDAY

from qmcu.model.graph import Graph


@pytest.mark.parametrize("generators", [GENERATORS, EVERYDAY], ids=["all", "everyday"])
@pytest.mark.parametrize(
    ("kind", "absent"),
    [
        ("CONV_2D", ()),
        ("DEPTHWISE_CONV_2D", ()),
        ("FULLY_CONNECTED", ("odd width", "dilation", "activation limits")),
    ],
)
def test_every_case_is_generated(
    generators: dict[str, Callable[[np.random.Generator], Graph]],
    kind: str,
    absent: tuple[str, ...],
) -> None:
    rng = np.random.default_rng(1)
    found = np.array([cases(generators[kind](rng)) for _ in range(400)]).sum(axis=0)
    seen = dict(zip(CASES, found, strict=True))
    assert all(count >= 10 for case, count in seen.items() if case not in absent), seen


def test_multipliers_around_a_half_and_powers_of_two_are_generated() -> None:
    rng = np.random.default_rng(2)
    largest = [_largest_multiplier(EVERYDAY["FULLY_CONNECTED"](rng)) for _ in range(400)]
    assert any(0.499 < value < 0.5 for value in largest)
    assert any(value > 1 for value in largest)
    assert any(abs(value - 0.25) < 1e-7 for value in largest)


def _largest_multiplier(graph: Graph) -> float:
    source, weights, target = (
        next(t.quantization for t in graph.tensors if t.name == name)
        for name in ("input0", "weights", "output0")
    )
    assert source is not None and weights is not None and target is not None
    return float(max(weights.scales) * source.scale / target.scale)

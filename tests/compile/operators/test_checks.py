"""Constraints that operators share."""

import pytest

from qmcu.compile.lowering import OperatorContext
from qmcu.compile.operators import OPERATORS, checks
from qmcu.model.graph import Graph, Operator, Quantization, Tensor

SAME = Quantization((0.5,), (0,))


def _context(inputs: tuple[int, ...], outputs: tuple[int, ...] = (2,)) -> OperatorContext:
    tensors = (
        Tensor(0, "a", (2, 3), "int8", SAME),
        Tensor(1, "b", (3,), "int8", Quantization((0.5000001,), (0,))),
        Tensor(2, "c", (2, 3), "int8", SAME),
    )
    operator = Operator(0, "ANY", inputs, outputs)
    return OperatorContext(Graph("g", tensors, (operator,), (0,), outputs), operator)


@pytest.mark.parametrize(
    ("inputs", "problem"),
    [
        ((), "has 0 inputs, 1 to 2 needed"),
        ((0, 1, 0), "has 3 inputs, 1 to 2 needed"),
        ((-1, 0), "input 0 is absent"),
        ((0, -1), None),
        ((0, 1), None),
    ],
)
def test_operands(inputs: tuple[int, ...], problem: str | None) -> None:
    assert checks.operands(1, 1).check(_context(inputs)) == problem


def test_outputs() -> None:
    assert checks.operands(1).check(_context((0,), (2, 1))) == "has 2 outputs, 1 needed"
    assert checks.operands(1, outputs=None).check(_context((0,), (2, 1))) is None


def test_unbounded_operands_must_all_be_present() -> None:
    constraint = checks.operands(1, unbounded=True)
    assert constraint.check(_context((0, 1, 0, 1))) is None
    assert constraint.check(_context((0, 1, -1))) == "input 2 is absent"


def test_tolerance_of_scales() -> None:
    context = _context((1,))
    assert checks.same_quantization(tolerance=1e-6).check(context) is None
    problem = checks.same_quantization().check(context)
    assert problem is not None
    assert "they must be equal" in problem


def test_shapes() -> None:
    assert checks.same_shape().check(_context((0,))) is None
    assert checks.same_shape().check(_context((1,))) is not None
    assert checks.input_rank(2, 2).check(_context((1,))) is not None


def test_multipliers_that_are_too_large() -> None:
    assert checks.multiplier_problem(2.0**28) is None
    assert checks.multiplier_problem(2.0**29) is not None
    assert checks.multiplier_problem(float("inf")) is not None


def test_every_constraint_says_what_it_needs() -> None:
    for support in (form for forms in OPERATORS.values() for form in forms):
        texts = [constraint.text for constraint in support.constraints]
        assert all(texts)
        assert len(set(texts)) == len(texts), support.kind

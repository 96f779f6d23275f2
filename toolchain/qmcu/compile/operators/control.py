"""IF and WHILE, for the documentation: see `qmcu.compile.control`."""

from qmcu.compile.lowering import TYPES, Constraint, OperatorContext, OperatorSupport
from qmcu.compile.plan import KernelCall


def _check_gone(context: OperatorContext) -> str | None:
    return "cannot be compiled to control flow"


def _gone(context: OperatorContext) -> KernelCall:
    raise AssertionError(f"{context.operator} was not compiled to control flow")


def _support(kind: str, *texts: str) -> OperatorSupport:
    constraints = tuple(Constraint(text, _check_gone) for text in texts)
    return OperatorSupport(kind, "", constraints, _gone, types=TYPES)


_COMMON = (
    "its condition is one bool",
    "its subgraphs take and give tensors of the operator's sizes",
    "its subgraphs hold supported operators and do not call themselves",
)
SUPPORT: tuple[OperatorSupport, ...] = (_support("IF", *_COMMON), _support("WHILE", *_COMMON))

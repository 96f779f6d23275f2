"""READ_VARIABLE and ASSIGN_VARIABLE as copies, once the handles are resolved.

The variable is then an input or output itself: see `qmcu.compile.variables`. VAR_HANDLE and
CALL_ONCE are gone by then.
"""

from qmcu.compile.lowering import TYPES, Constraint, OperatorContext, OperatorSupport
from qmcu.compile.plan import KernelCall, ParametersArgument


def _lower(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    parameters = ParametersArgument("qmcu_copy_params", (("size", target.size),))
    operands = (context.operand(tensor, as_bytes=True) for tensor in (source, target))
    return context.call("copy", (parameters, *operands))


def _unresolved(context: OperatorContext) -> KernelCall:
    raise AssertionError(f"{context.operator} was not resolved")


def _check_resolved(context: OperatorContext) -> str | None:
    tensor = context.input(0) if context.operator.kind == "READ_VARIABLE" else context.output()
    return None if tensor.is_variable else "its variable is not known when compiling"


def _check_gone(context: OperatorContext) -> str | None:
    return "cannot be resolved when compiling"


_COPIED = (Constraint("its variable is known when compiling", _check_resolved),)

SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport("READ_VARIABLE", "copy", _COPIED, _lower, types=TYPES),
    OperatorSupport("ASSIGN_VARIABLE", "copy", _COPIED, _lower, types=TYPES),
    OperatorSupport(
        "VAR_HANDLE",
        "",
        (Constraint("its name is a constant of the model", _check_gone),),
        _unresolved,
        types=(),
    ),
    OperatorSupport(
        "CALL_ONCE",
        "",
        (
            Constraint(
                "its subgraph only assigns constants, before these variables are used", _check_gone
            ),
        ),
        _unresolved,
        types=(),
    ),
)

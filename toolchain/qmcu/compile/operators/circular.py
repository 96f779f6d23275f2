"""CUSTOM:CIRCULAR_BUFFER, the memory of streaming convolutions: the last values of a stream.

What it keeps is an operand more by now (`model.hidden_states`).
"""

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators.signal_options import operand_types
from qmcu.compile.plan import KernelCall, ParametersArgument
from qmcu.model.custom import operator_options
from qmcu.model.hidden_states import CIRCULAR

# Where a model does not say it, the interpreter runs buffers of so many values every time.
_EVERY_TIME = (5, 13, 25)


def _check_shape(context: OperatorContext) -> str | None:
    source, output = context.input(0), context.output()
    if len(source.shape) != 4 or len(output.shape) != 4:
        return f"{source} and {output} have not 4 dimensions"
    if source.shape[:2] != (1, 1) or source.shape != (1, 1, *output.shape[2:]):
        return f"input {source} is no 1x1x{output.shape[2]}x{output.shape[3]}"
    return None


def _check_cycles(context: OperatorContext) -> str | None:
    cycles = operator_options(context.operator).get("cycles_max", 0)
    if not isinstance(cycles, int):
        return f"option cycles_max is {cycles}, an integer is needed"
    if cycles <= 0:
        cycles = 1 if context.output().shape[1] in _EVERY_TIME else 2
    if cycles == 1:
        return None
    return (
        f"it lets what follows run in every {cycles}. inference; in the others the interpreter's "
        "outputs are whatever lies in its memory"
    )


def _lower(context: OperatorContext) -> KernelCall:
    fields = (("size", context.output().elements), ("added", context.input(0).elements))
    arguments = (
        ParametersArgument("qmcu_circular_buffer_params", fields),
        context.operand(context.input(0)),
        context.operand(context.input(1)),
        context.operand(context.output()),
    )
    return context.call("circular_buffer", arguments)


SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport(
        CIRCULAR,
        "circular_buffer",
        (
            operand_types(("int8", "int8"), ("int8",)),
            Constraint("one value of 4 dimensions in, as many as are kept out", _check_shape),
            Constraint("runs in every inference (cycles_max 1)", _check_cycles),
        ),
        _lower,
    ),
)

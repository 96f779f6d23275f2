"""CUSTOM:CIRCULAR_BUFFER, the memory of streaming convolutions: the last values of a stream.

What it keeps is an operand more by now (`model.hidden_states`). One that lets what follows run in
every n-th inference only counts them, and says whether it is due.
"""

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators.signal_options import operand_types
from qmcu.compile.plan import KernelCall, ParametersArgument
from qmcu.model.early_ends import CIRCULAR, cycles


def _check_shape(context: OperatorContext) -> str | None:
    source, output = context.input(0), context.output()
    if len(source.shape) != 4 or len(output.shape) != 4:
        return f"{source} and {output} have not 4 dimensions"
    if source.shape[:2] != (1, 1) or source.shape != (1, 1, *output.shape[2:]):
        return f"input {source} is no 1x1x{output.shape[2]}x{output.shape[3]}"
    return None


def _check_every_time(context: OperatorContext) -> str | None:
    try:
        period = cycles(context.graph)[context.operator.index]
    except ValueError as error:
        return str(error)
    if period == 1:
        return None
    return (
        f"it lets what follows run in every {period}. inference, which is possible in the main "
        "graph alone, not within a branch or a loop"
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


def _lower_counting(context: OperatorContext) -> KernelCall:
    fields = (
        ("size", context.output().elements),
        ("added", context.input(0).elements),
        ("cycles", context.integer("cycles")),
    )
    arguments = (
        ParametersArgument("qmcu_circular_buffer_in_cycles_params", fields),
        context.operand(context.input(0)),
        context.operand(context.input(2)),
        context.operand(context.input(1)),
        context.operand(context.output()),
        context.operand(context.output(1)),
    )
    return context.call("circular_buffer_in_cycles", arguments)


_SHAPES = Constraint("one value of 4 dimensions in, as many as are kept out", _check_shape)

SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport(
        CIRCULAR,
        "circular_buffer",
        (
            operand_types(("int8", "int8"), ("int8",)),
            _SHAPES,
            Constraint("what follows runs in every inference (cycles_max 1)", _check_every_time),
        ),
        _lower,
    ),
    # As `compile.early_ends` makes it.
    OperatorSupport(
        CIRCULAR,
        "circular_buffer_in_cycles",
        (operand_types(("int8", "int32", "int8"), ("int8", "bool")), _SHAPES),
        _lower_counting,
    ),
)

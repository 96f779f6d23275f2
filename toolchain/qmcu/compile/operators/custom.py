"""The user's own operators: a form made of their description (qmcu.model.custom)."""

from dataclasses import replace

from qmcu.compile.lowering import Constraint, Forms, OperatorContext, OperatorSupport
from qmcu.compile.plan import Argument, KernelCall, ParametersArgument, ScratchArgument
from qmcu.model.custom import CustomOperator, custom_operator
from qmcu.model.graph import Operator
from qmcu.resources import kernel_directories


def custom_forms(kind: str) -> Forms:
    """The form of an operator that the user describes; empty for others."""
    described = custom_operator(kind)
    return () if described is None else (_form(kind, described),)


def _form(kind: str, described: CustomOperator) -> OperatorSupport:
    def check(context: OperatorContext) -> str | None:
        taken = (folder / f"{described.kernel}.c" for folder in kernel_directories())
        if any(path.is_file() for path in taken):
            return f"qmcu has a kernel {described.kernel} of its own; give {described.path} another"
        return described.problem(context.graph, _without_state(context, described))

    def lower(context: OperatorContext) -> KernelCall:
        return _lower(context, described)

    return OperatorSupport(
        kind, described.kernel, (Constraint(f"as {described.path} says", check),), lower
    )


def _without_state(context: OperatorContext, described: CustomOperator) -> Operator:
    operator = context.operator
    return replace(operator, inputs=operator.inputs[: len(described.inputs)])


def _lower(context: OperatorContext, described: CustomOperator) -> KernelCall:
    """qmcu_KERNEL(parameters, inputs, state, scratch, outputs), each only where there is one."""
    operator = _without_state(context, described)
    values = described.values(context.graph, operator)
    scratch = described.amount(described.scratch, context.graph, operator)
    arguments: list[Argument] = []
    if values:
        name = f"qmcu_{described.kernel}_params"
        arguments.append(ParametersArgument(name, tuple(values.items())))
    # The state, where there is one, is the last of the inputs.
    arguments += [context.operand(context.input(i)) for i in range(len(context.operator.inputs))]
    arguments += [ScratchArgument(scratch)] if scratch else []
    arguments += [context.operand(context.output(i)) for i in range(len(operator.outputs))]
    return context.call(described.kernel, tuple(arguments))

"""What the operators of TFLM's signal library have in common: options and operands' types."""

from collections.abc import Sequence

from qmcu.compile.lowering import Constraint, OperatorContext
from qmcu.model.custom import operator_options


def number(context: OperatorContext, name: str) -> int:
    """An option of the flexbuffer map that `declared` has seen."""
    return int(operator_options(context.operator)[name])


def declared(*names: str) -> Constraint:
    """The options that must be there, each an integer or a bool."""

    def check(context: OperatorContext) -> str | None:
        options = operator_options(context.operator)
        for name in names:
            if not isinstance(options.get(name), int):
                return f"option {name} is {options.get(name)}, an integer is needed"
        return None

    return Constraint(f"options {', '.join(names)}", check)


def operand_types(inputs: Sequence[str], outputs: Sequence[str]) -> Constraint:
    """The exact types of all operands, the state among them."""

    def check(context: OperatorContext) -> str | None:
        operator, tensors = context.operator, context.graph.tensors
        for role, indices, wanted in (
            ("inputs", operator.inputs, inputs), ("outputs", operator.outputs, outputs),
        ):  # fmt: skip
            found = [tensors[i].dtype if i >= 0 else "absent" for i in indices]
            if found != list(wanted):
                return f"its {role} are {', '.join(found)}; {', '.join(wanted)} are needed"
        for tensor in (context.input(0), context.output()):
            if not tensor.shape:
                return f"{tensor} is a single number; rows are needed"
        return None

    return Constraint(f"operands {', '.join(inputs)}, results {', '.join(outputs)}", check)

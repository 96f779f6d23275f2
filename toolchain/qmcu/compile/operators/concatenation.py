"""CONCATENATION and SPLIT."""

from math import prod

import numpy as np

from qmcu.compile.lowering import (
    OWN_NOTE,
    Constraint,
    OperatorContext,
    OperatorSupport,
    own_types,
)
from qmcu.compile.operators import checks
from qmcu.compile.operators.movement import byte_operands, element_size
from qmcu.compile.plan import (
    ConstantArgument,
    KernelCall,
    ParametersArgument,
)

# The interpreter's own limit, and the length of the arrays in the kernel's parameters.
PARTS = 10


def _joined_positions(context: OperatorContext) -> list[int]:
    return list(range(len(context.operator.inputs)))


def _check_parts(context: OperatorContext) -> str | None:
    count = len(context.operator.inputs)
    if count > PARTS:
        return f"has {count} inputs, at most {PARTS} are possible"
    if all(context.input(i).is_constant for i in range(count)):
        return "all inputs are constants"
    return None


def _check_joined(context: OperatorContext) -> str | None:
    output = context.output()
    rank = len(output.shape)
    axis = context.integer("axis")
    if not -rank <= axis < rank:
        return f"axis {axis} is outside output {output}"
    axis %= rank
    total = 0
    for position in _joined_positions(context):
        tensor = context.input(position)
        wanted = (*output.shape[:axis], *tensor.shape[axis : axis + 1], *output.shape[axis + 1 :])
        if len(tensor.shape) != rank or tensor.shape != wanted:
            return f"input {position} {tensor} does not fit into output {output} along axis {axis}"
        total += tensor.shape[axis]
    if total != output.shape[axis]:
        return f"inputs have {total} along axis {axis}, output {output} {output.shape[axis]}"
    return None


def _check_no_activation(context: OperatorContext) -> str | None:
    activation = context.text("fused_activation_function", "NONE")
    return None if activation == "NONE" else f"fused activation {activation}, none is possible"


def _lower_concatenation(context: OperatorContext) -> KernelCall:
    output = context.output()
    axis = context.integer("axis") % len(output.shape)
    tensors = [context.input(i) for i in _joined_positions(context)]
    constants = b"".join(tensor.data or b"" for tensor in tensors)
    offsets, used = [], 0
    for tensor in tensors:
        offsets.append(used if tensor.is_constant else -1)
        used += tensor.size if tensor.is_constant else 0
    sizes = [prod(tensor.shape[axis:]) * element_size(output) for tensor in tensors]
    unused = [0] * (PARTS - len(tensors))
    parameters = ParametersArgument(
        "qmcu_concatenation_params",
        (
            ("rows", prod(output.shape[:axis])),
            ("parts", len(tensors)),
            ("sizes", tuple(sizes + unused)),
            ("offsets", tuple(offsets + unused)),
        ),
    )
    inputs = context.operands(
        [t for t in tensors if not t.is_constant], writes=False, as_bytes=True
    )
    stored = (
        context.constant("parts", np.frombuffer(constants, np.int8), "data")
        if constants
        else ConstantArgument(None)
    )
    return context.call(
        "concatenation", (parameters, inputs, stored, *byte_operands(context, output))
    )


def _check_axis_number(context: OperatorContext) -> str | None:
    axis_tensor, tensor = context.input(0), context.input(1)
    if axis_tensor.elements != 1:
        return f"axis {axis_tensor} is not a single number"
    axis, rank = int(axis_tensor.array.reshape(-1)[0]), len(tensor.shape)
    return None if -rank <= axis < rank else f"axis {axis} is outside input {tensor}"


def _split_axis(context: OperatorContext) -> int:
    return int(context.input(0).array.reshape(-1)[0]) % len(context.input(1).shape)


def _check_equal_parts(context: OperatorContext) -> str | None:
    tensor, axis = context.input(1), _split_axis(context)
    parts = len(context.operator.outputs)
    if tensor.shape[axis] % parts:
        return f"cannot cut {tensor.shape[axis]} along axis {axis} into {parts} equal parts"
    wanted = (*tensor.shape[:axis], tensor.shape[axis] // parts, *tensor.shape[axis + 1 :])
    for position in range(parts):
        output = context.output(position)
        if output.shape != wanted:
            return f"output {position} {output} has shape {output.shape}, {wanted} is needed"
    return None


def _check_joined_int8(context: OperatorContext) -> str | None:
    """The interpreter joins bytes; of int8 it wants one quantization."""
    if context.output().dtype != "int8":
        return None
    return checks.same_quantization().check(context)


def _lower_split(context: OperatorContext) -> KernelCall:
    tensor, axis = context.input(1), _split_axis(context)
    outputs = [context.output(i) for i in range(len(context.operator.outputs))]
    parameters = ParametersArgument(
        "qmcu_split_params",
        (
            ("rows", prod(tensor.shape[:axis])),
            ("parts", len(outputs)),
            ("size", prod(tensor.shape[axis:]) * element_size(tensor) // len(outputs)),
        ),
    )
    written = context.operands(outputs, writes=True, as_bytes=True)
    return context.call("split", (parameters, *byte_operands(context, tensor), written))


_JOINED = ("int8", "int16", "int32", "int64", "bool", "float32")
_SPLIT = ("int8", "int16", "int32", "float32")


def _split(types: tuple[str, ...], note: str = "") -> OperatorSupport:
    constraints = (
        checks.operands(2, outputs=None),
        checks.types(types, 1, same=True),
        checks.constant(0, "axis", ("int32",)),
        checks.input_rank(1, 6, 1),
        Constraint("axis is one number within the input's dimensions", _check_axis_number),
        Constraint("outputs are equal parts of the input", _check_equal_parts),
    )
    return OperatorSupport("SPLIT", "split", constraints, _lower_split, types=types, note=note)


SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport(
        "CONCATENATION",
        "concatenation",
        (
            checks.operands(1, unbounded=True),
            checks.types(_JOINED, same=True),
            Constraint("int8 inputs and output have one scale and zero point", _check_joined_int8),
            Constraint(f"at most {PARTS} inputs, not all constant", _check_parts),
            checks.output_rank(1, 6),
            Constraint("shapes agree except along the axis, where they add up", _check_joined),
            Constraint("no fused activation", _check_no_activation),
        ),
        _lower_concatenation,
        types=_JOINED,
    ),
    _split(_SPLIT),
    _split(own_types(_SPLIT), OWN_NOTE),
)

"""SPLIT_V, PACK and UNPACK."""

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
from qmcu.compile.operators.concatenation import PARTS
from qmcu.compile.operators.movement import byte_operands, element_size
from qmcu.compile.plan import (
    ConstantArgument,
    KernelCall,
    ParametersArgument,
)


def _check_split_axis(context: OperatorContext) -> str | None:
    axis_tensor, tensor = context.input(2), context.input(0)
    if axis_tensor.elements != 1:
        return f"axis {axis_tensor} is not a single number"
    axis, rank = int(axis_tensor.array.reshape(-1)[0]), len(tensor.shape)
    return None if -rank <= axis < rank else f"axis {axis} is outside input {tensor}"


def _split_axis(context: OperatorContext) -> int:
    return int(context.input(2).array.reshape(-1)[0]) % len(context.input(0).shape)


def _check_split_parts(context: OperatorContext) -> str | None:
    shape, axis = context.input(0).shape, _split_axis(context)
    total = 0
    for position in range(len(context.operator.outputs)):
        output = context.output(position)
        wanted = (*shape[:axis], *output.shape[axis : axis + 1], *shape[axis + 1 :])
        if len(output.shape) != len(shape) or output.shape != wanted:
            return f"output {position} {output} is no part of {context.input(0)} on axis {axis}"
        total += output.shape[axis]
    if total != shape[axis]:
        return f"outputs have {total} along axis {axis}, input {context.input(0)} {shape[axis]}"
    return None


def _lower_split_v(context: OperatorContext) -> KernelCall:
    source, axis = context.input(0), _split_axis(context)
    outputs = [context.output(i) for i in range(len(context.operator.outputs))]
    size = element_size(source)
    sizes = np.array([prod(output.shape[axis:]) * size for output in outputs], np.int32)
    parameters = ParametersArgument(
        "qmcu_split_v_params",
        (("rows", prod(source.shape[:axis])), ("parts", len(outputs))),
    )
    arguments = (
        parameters,
        *byte_operands(context, source),
        context.constant("sizes", sizes, "table"),
        context.operands(outputs, writes=True, as_bytes=True),
    )
    return context.call("split_v", arguments)


def _check_packed(context: OperatorContext) -> str | None:
    first, output = context.input(0), context.output()
    rank, axis = len(output.shape), context.integer("axis")
    if not -rank <= axis < rank:
        return f"axis {axis} is outside output {output}"
    axis %= rank
    parts = len(context.operator.inputs)
    wanted = (*first.shape[:axis], parts, *first.shape[axis:])
    if output.shape != wanted:
        return f"output {output} has not the shape {wanted}"
    for position in range(parts):
        tensor = context.input(position)
        if tensor.shape != first.shape:
            return f"input {position} {tensor} has not the shape of input {first}"
    return None


def _check_packed_constants(context: OperatorContext) -> str | None:
    parts = len(context.operator.inputs)
    constant = sum(context.input(i).is_constant for i in range(parts))
    if constant == parts:
        return "all inputs are constants"
    if constant and parts > PARTS:
        return f"has {parts} inputs, some constant; at most {PARTS} are possible then"
    return None


def _lower_pack(context: OperatorContext) -> KernelCall:
    output = context.output()
    axis = context.integer("axis") % len(output.shape)
    parts = [context.input(i) for i in range(len(context.operator.inputs))]
    rows = prod(output.shape[:axis])
    size = prod(output.shape[axis + 1 :]) * element_size(output)
    inputs = context.operands([t for t in parts if not t.is_constant], writes=False, as_bytes=True)
    (result,) = byte_operands(context, output)
    constants = b"".join(tensor.data or b"" for tensor in parts)
    if not constants:
        fields = (("rows", rows), ("parts", len(parts)), ("size", size))
        parameters = ParametersArgument("qmcu_pack_params", fields)
        return context.call("pack", (parameters, inputs, result))
    offsets, used = [], 0
    for tensor in parts:
        offsets.append(used if tensor.is_constant else -1)
        used += tensor.size if tensor.is_constant else 0
    unused = [0] * (PARTS - len(parts))
    parameters = ParametersArgument(
        "qmcu_concatenation_params",
        (
            ("rows", rows),
            ("parts", len(parts)),
            ("sizes", tuple([size] * len(parts) + unused)),
            ("offsets", tuple(offsets + unused)),
        ),
    )
    stored: ConstantArgument = context.constant("parts", np.frombuffer(constants, np.int8), "data")
    return context.call("concatenation", (parameters, inputs, stored, result))


def _check_unpacked(context: OperatorContext) -> str | None:
    tensor = context.input(0)
    rank, axis = len(tensor.shape), context.integer("axis")
    if not -rank <= axis < rank:
        return f"axis {axis} is outside input {tensor}"
    axis %= rank
    outputs = len(context.operator.outputs)
    if tensor.shape[axis] != outputs:
        return f"has {outputs} outputs, input {tensor} has {tensor.shape[axis]} on axis {axis}"
    wanted = (*tensor.shape[:axis], *tensor.shape[axis + 1 :])
    for position in range(outputs):
        if context.output(position).shape != wanted:
            return f"output {position} {context.output(position)} has not the shape {wanted}"
    return None


def _lower_unpack(context: OperatorContext) -> KernelCall:
    source = context.input(0)
    axis = context.integer("axis") % len(source.shape)
    outputs = [context.output(i) for i in range(len(context.operator.outputs))]
    parameters = ParametersArgument(
        "qmcu_split_params",
        (
            ("rows", prod(source.shape[:axis])),
            ("parts", len(outputs)),
            ("size", prod(source.shape[axis + 1 :]) * element_size(source)),
        ),
    )
    written = context.operands(outputs, writes=True, as_bytes=True)
    return context.call("split", (parameters, *byte_operands(context, source), written))


_SPLIT = ("int8", "int16", "int32", "float32")
_OWN_SPLIT = own_types(_SPLIT)
_PACKED = ("int8", "int16", "int32", "int64", "float32")

_OWN_PACKED = own_types(_PACKED)


def _split_v(types: tuple[str, ...], note: str = "") -> OperatorSupport:
    constraints = (
        checks.operands(3, outputs=None),
        checks.types(types, 0, same=True),
        checks.constant(2, "axis", ("int32",)),
        checks.input_rank(1, 8),
        Constraint("axis is one number within the input's dimensions", _check_split_axis),
        Constraint("outputs are parts of the input, which add up to it", _check_split_parts),
    )
    return OperatorSupport(
        "SPLIT_V", "split_v", constraints, _lower_split_v, types=types, note=note
    )


def _pack(types: tuple[str, ...], note: str = "") -> OperatorSupport:
    constraints = (
        checks.operands(1, unbounded=True),
        checks.types(types, same=True),
        Constraint("inputs have one shape, output one dimension more", _check_packed),
        Constraint(
            f"not all inputs constant; some only among at most {PARTS}", _check_packed_constants
        ),
    )
    return OperatorSupport("PACK", "pack", constraints, _lower_pack, types=types, note=note)


def _unpack(types: tuple[str, ...], note: str = "") -> OperatorSupport:
    constraints = (
        checks.operands(1, outputs=None),
        checks.types(types, 0, same=True),
        Constraint("one output for each slice along the axis", _check_unpacked),
    )
    return OperatorSupport("UNPACK", "split", constraints, _lower_unpack, types=types, note=note)


SUPPORT: tuple[OperatorSupport, ...] = (
    _split_v(_SPLIT),
    _split_v(_OWN_SPLIT, OWN_NOTE),
    _pack(_PACKED),
    _pack(_OWN_PACKED, OWN_NOTE),
    _unpack(_SPLIT),
    _unpack(_OWN_SPLIT, OWN_NOTE),
)

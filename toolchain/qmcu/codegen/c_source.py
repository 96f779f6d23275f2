"""Pieces of C text: arrays, structs, argument lists."""

from collections.abc import Mapping, Sequence

import numpy as np

from qmcu.compile.plan import (
    Argument,
    Constant,
    ConstantArgument,
    FieldValue,
    KernelCall,
    ParametersArgument,
    ScratchArgument,
    TensorArgument,
    TensorListArgument,
)

_DTYPES = {
    "int8_t": "<i1", "uint8_t": "<u1", "int16_t": "<i2", "int32_t": "<i4", "uint32_t": "<u4",
}  # fmt: skip
_LINE = 100


def array_body(constant: Constant) -> str:
    """The values of a constant, as indented lines of at most 100 columns."""
    values = np.frombuffer(constant.data, dtype=_DTYPES[constant.ctype])
    return wrapped([_literal(int(v), constant.ctype) for v in values], indent=4)


def _literal(value: int, ctype: str) -> str:
    if ctype == "int32_t" and value == -(2**31):
        return "INT32_MIN"
    return f"{value}u" if ctype.startswith("u") else str(value)


def wrapped(items: Sequence[str], indent: int) -> str:
    """Items joined by commas and broken into lines."""
    lines: list[str] = []
    line = ""
    for item in items:
        if line and indent + len(line) + len(item) + 2 > _LINE:
            lines.append(" " * indent + line.rstrip())
            line = ""
        line += f"{item}, "
    lines.append(" " * indent + line.rstrip(" "))
    return "\n".join(line.rstrip() for line in lines)


def struct_fields(fields: Sequence[tuple[str, FieldValue]]) -> str:
    """Designated initialisers, one a line."""
    return "\n".join(f"    .{name} = {_field(value)}," for name, value in fields)


def _field(value: FieldValue) -> str:
    if isinstance(value, tuple):
        return "{" + ", ".join(_literal(v, "int32_t") for v in value) + "}"
    return _literal(value, "int32_t")


def argument_text(
    call: KernelCall, offsets: Mapping[int, int], scratch: int, names: Mapping[Constant, str]
) -> list[str]:
    """The C expressions for a call's arguments.

    `offsets` gives each tensor's arena offset, `scratch` that of the call's working memory,
    `names` the C name of each constant.
    """
    expressions = []
    for position, argument in enumerate(call.arguments):
        expressions.append(_expression(call, position, argument, offsets, scratch, names))
        if isinstance(argument, ScratchArgument):
            scratch += argument.size
    return expressions


def _expression(
    call: KernelCall,
    position: int,
    argument: Argument,
    offsets: Mapping[int, int],
    scratch: int,
    names: Mapping[Constant, str],
) -> str:
    match argument:
        case TensorArgument(tensor):
            return arena(offsets[tensor])
        case ScratchArgument():
            return arena(scratch)
        case ConstantArgument(None):
            return "NULL"
        case ConstantArgument(constant):
            assert constant is not None
            return names[constant]
        case ParametersArgument():
            return f"&{call.layer}_parameters"
        case TensorListArgument():
            return f"{call.layer}_tensors_{position}"


def arena(offset: int) -> str:
    """The address of an arena offset."""
    return f"qmcu_model_arena + {offset}"

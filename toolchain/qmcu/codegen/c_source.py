"""Pieces of C text: arrays, structs, argument lists."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from qmcu.compile.plan import (
    ARENA,
    C_TYPES,
    STATE,
    Argument,
    Constant,
    ConstantArgument,
    FieldValue,
    KernelCall,
    ParametersArgument,
    PlanTensor,
    ScratchArgument,
    TensorArgument,
    TensorListArgument,
)

_DTYPES = {
    "int8_t": "<i1", "uint8_t": "<u1", "int16_t": "<i2", "int32_t": "<i4", "uint32_t": "<u4",
    "int64_t": "<i8", "uint64_t": "<u8", "uint16_t": "<u2", "float": "<f4",
}  # fmt: skip
_LINE = 100


def array_body(constant: Constant) -> str:
    """The values of a constant, as indented lines of at most 100 columns."""
    values = np.frombuffer(constant.data, dtype=_DTYPES[constant.ctype])
    return wrapped([literal(v, constant.ctype) for v in values.tolist()], indent=4)


def element_size(ctype: str) -> int:
    """Bytes of one element."""
    return np.dtype(_DTYPES[ctype]).itemsize


def literal(value: float, ctype: str) -> str:
    """The C literal of a number: integers in decimal, floats as the exact float32."""
    if ctype == "float":
        return _float_literal(float(np.float32(value)))
    if (ctype, value) in (("int32_t", -(2**31)), ("int64_t", -(2**63))):
        return f"{ctype[:-2].upper()}_MIN"
    if ctype == "int64_t":
        return f"INT64_C({value})"
    return f"{value}u" if ctype.startswith("u") else str(value)


def _float_literal(value: float) -> str:
    if math.isnan(value):
        return '__builtin_nanf("")'
    if math.isinf(value):
        return "-__builtin_inff()" if value < 0 else "__builtin_inff()"
    return f"{value.hex()}f"


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
        return "{" + ", ".join(map(_field, value)) + "}"
    return literal(value, "float" if isinstance(value, float) else "int32_t")


def argument_text(
    call: KernelCall,
    tensors: Mapping[int, PlanTensor],
    scratch: int,
    names: Mapping[Constant, str],
) -> list[str]:
    """The C expressions for a call's arguments.

    `tensors` are the plan's by index, `scratch` is the arena offset of the call's working memory,
    `names` gives the C name of each constant.
    """
    expressions = []
    for position, argument in enumerate(call.arguments):
        expressions.append(_expression(call, position, argument, tensors, scratch, names))
        if isinstance(argument, ScratchArgument):
            scratch += argument.size
    return expressions


def _expression(
    call: KernelCall,
    position: int,
    argument: Argument,
    tensors: Mapping[int, PlanTensor],
    scratch: int,
    names: Mapping[Constant, str],
) -> str:
    match argument:
        case TensorArgument(tensor, as_bytes):
            ctype = "int8_t" if as_bytes else ctype_of(tensors[tensor])
            return pointer(tensors[tensor], ctype, writes=tensor in call.writes)
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


def ctype_of(tensor: PlanTensor) -> str:
    """The C type of the tensor's elements."""
    return C_TYPES[tensor.dtype]


def pointer(tensor: PlanTensor, ctype: str, *, writes: bool) -> str:
    """A pointer of this type to the tensor, const unless it is written; a state always may be."""
    if ctype == "int8_t":
        return address(tensor)
    const = "" if writes or tensor.space == STATE else "const "
    return f"({const}{ctype} *)({const}void *)({address(tensor)})"


def address(tensor: PlanTensor) -> str:
    """Where the tensor lies, as a pointer to int8_t."""
    return arena(tensor.offset) if tensor.space == ARENA else f"qmcu_model_state + {tensor.offset}"


def arena(offset: int) -> str:
    """The address of an arena offset."""
    return f"qmcu_model_arena + {offset}"

"""What lowerings to CMSIS-NN share: the portable call with another name and other arguments."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from qmcu.compile.lowering import OperatorContext, OperatorSupport
from qmcu.compile.plan import (
    Argument,
    ConstantArgument,
    KernelCall,
    ParametersArgument,
    ScratchArgument,
)

# The name of an adapter ends so.
SUFFIX = "_cmsis_nn"


@dataclass(frozen=True)
class Core:
    """The instruction sets that the library is compiled for."""

    dsp: bool
    mve: bool


def portable_call(
    context: OperatorContext, support: OperatorSupport
) -> tuple[KernelCall, dict[str, int]]:
    """The portable call and its scalar parameters."""
    call = support.lower(context)
    for argument in call.arguments:
        if isinstance(argument, ParametersArgument):
            # A window's fields by their own names: window.input_height is input_height.
            fields = {k.rpartition(".")[2]: v for k, v in argument.fields}
            return call, {k: v for k, v in fields.items() if isinstance(v, int)}
    raise ValueError(f"{call.kernel} has no parameters")


def renamed(call: KernelCall, extra: Sequence[tuple[str, int]] = ()) -> KernelCall:
    """The call of the adapter: same arguments, more parameters."""
    kernel = call.kernel + SUFFIX
    arguments = tuple(
        ParametersArgument(f"qmcu_{kernel}_params", (*a.fields, *extra))
        if isinstance(a, ParametersArgument)
        else a
        for a in call.arguments
    )
    return replace(call, kernel=kernel, arguments=arguments)


def with_scratch(call: KernelCall, size: int) -> KernelCall:
    """Scratch before the output; one word where the library needs none."""
    *before, output = call.arguments
    return replace(call, arguments=(*before, ScratchArgument(max(4, size)), output))


def channels(context: OperatorContext, call: KernelCall, count: int) -> KernelCall:
    """One int32 multiplier and shift for each channel, and the plain bias: what the library takes.

    The library adds the input's zero point itself, so that padding is right.
    """
    bias = context.optional_input(2)
    plain = np.zeros(count, np.int32) if bias is None else bias.array.astype(np.int32).reshape(-1)
    arguments: list[Argument] = []
    for argument in call.arguments:
        constant = argument.constant if isinstance(argument, ConstantArgument) else None
        if constant is None:
            arguments.append(argument)
        elif constant.role == "bias":
            arguments.append(context.constant("bias", plain, "bias"))
        elif constant.name.endswith(("_multipliers", "_shifts")):
            arguments.append(spread(context, constant.name, constant.ctype, constant.data, count))
        else:
            arguments.append(argument)
    return replace(call, arguments=tuple(arguments))


def spread(
    context: OperatorContext, name: str, ctype: str, data: bytes, count: int
) -> ConstantArgument:
    """A constant of one value or `count` as int32 [count]."""
    values = np.frombuffer(data, "<i4" if ctype == "int32_t" else "i1").astype(np.int32)
    whole = values if len(values) == count else np.repeat(values[:1], count)
    return context.constant(name.rsplit("_", 1)[1], whole, "requantization")

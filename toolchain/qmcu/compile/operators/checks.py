"""Constraints that several operators share: each states its condition and checks it.

An operator's list is checked in order and stops at the first violation, so a later constraint may
rely on the earlier ones: begin with `operands`, then types (`int8`, `types`), then shapes and
quantization.
"""

import math
from collections.abc import Callable, Collection

import numpy as np

from qmcu.compile.lowering import Constraint, OperatorContext
from qmcu.compile.requantize import quantize_multiplier
from qmcu.model.graph import Tensor

ACTIVATIONS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")
# What the interpreter does not compute where they are fused: `staging` takes them away.
IGNORED_ACTIVATIONS = ("TANH", "SIGN_BIT")
ACTIVATION_TEXT = (
    f"fused activation {', '.join(ACTIVATIONS)}; {' and '.join(IGNORED_ACTIVATIONS)} do nothing, "
    "as in the interpreter"
)


def operands(
    required: int, optional: int = 0, *, outputs: int | None = 1, unbounded: bool = False
) -> Constraint:
    """`required` inputs that are all present, up to `optional` more, and `outputs` outputs.

    `unbounded` allows any number of further inputs, all present; `outputs` None any number of
    outputs, at least one.
    """

    def check(context: OperatorContext) -> str | None:
        inputs = context.operator.inputs
        if len(inputs) < required or (not unbounded and len(inputs) > required + optional):
            return f"has {len(inputs)} inputs, {_range(required, optional, unbounded)} needed"
        needed = len(inputs) if unbounded else required
        for position in range(needed):
            if context.optional_input(position) is None:
                return f"input {position} is absent"
        count = len(context.operator.outputs)
        if count != outputs and not (outputs is None and count > 0):
            return f"has {count} outputs, {outputs or 'one or more'} needed"
        return None

    written = "any number of" if outputs is None else str(outputs)
    plural = "output" if outputs == 1 else "outputs"
    return Constraint(f"{_range(required, optional, unbounded)} inputs, {written} {plural}", check)


def _range(required: int, optional: int, unbounded: bool) -> str:
    if unbounded:
        return f"{required} or more"
    return f"{required} to {required + optional}" if optional else str(required)


def int8(*positions: int) -> Constraint:
    """The inputs at `positions` (all of them when none is given) and every output are int8.

    Each also has at least one element and a per-tensor quantization with a positive scale and a
    zero point in [-128, 127].
    """

    def check(context: OperatorContext) -> str | None:
        for role, tensor in _activations(context, positions):
            problem = _int8_problem(tensor)
            if problem is not None:
                return f"{role} {problem}"
        return None

    names = " and ".join(f"input {p}" for p in positions) if positions else "inputs"
    return Constraint(f"{names} and outputs int8, quantized per tensor", check)


def types(
    allowed: str | Collection[str], *positions: int, outputs: bool = True, same: bool = False
) -> Constraint:
    """The inputs at `positions` (all of them when none is given) have one of the `allowed` types.

    So have the outputs, unless `outputs` is False. With `same` all of them have one and the same.
    Quantization is not looked at: see `quantized`.
    """
    wanted = (allowed,) if isinstance(allowed, str) else tuple(allowed)
    text = " or ".join(wanted)

    def check(context: OperatorContext) -> str | None:
        chosen = _activations(context, positions, outputs=outputs)
        for role, tensor in chosen:
            if tensor.dtype not in wanted:
                return f"{role} {tensor.name} is {tensor.dtype}, {text} is needed"
            if tensor.elements < 1:
                return f"{role} {tensor} has no elements"
            if same and tensor.dtype != chosen[0][1].dtype:
                first_role, first = chosen[0]
                return (
                    f"{first_role} {first.name} is {first.dtype} and {role} {tensor.name} "
                    f"{tensor.dtype}; they must be of one type"
                )
        return None

    names = " and ".join(f"input {p}" for p in positions) if positions else "inputs"
    names = f"{names} and outputs" if outputs else names
    return Constraint(f"{names} {text}{', all of one type' if same else ''}", check)


def output_types(*allowed: str) -> Constraint:
    """Every output has one of the `allowed` types."""
    text = " or ".join(allowed)

    def check(context: OperatorContext) -> str | None:
        for position in range(len(context.operator.outputs)):
            tensor = context.output(position)
            if tensor.dtype not in allowed:
                return f"output {position} {tensor.name} is {tensor.dtype}, {text} is needed"
        return None

    return Constraint(f"outputs {text}", check)


def quantized(
    *positions: int, outputs: bool = True, symmetric: bool = False, empty: bool = False
) -> Constraint:
    """int8, uint8, int16 and int32 among these tensors have a scale and zero point per tensor.

    The inputs at `positions` (all of them when none is given) and, unless `outputs` is False, the
    outputs. With `symmetric` the zero point of int16 and int32 is 0; with `empty` the scale of an
    input may be 0, as converters write it for zeros. Others are not looked at.
    """

    def check(context: OperatorContext) -> str | None:
        for role, tensor in _activations(context, positions, outputs=outputs):
            if tensor.dtype not in _ZERO_POINTS:
                continue
            problem = _quantization_problem(tensor, empty and role.startswith("input"))
            if problem is None and symmetric and tensor.dtype in ("int16", "int32"):
                zero_point = _quantized(tensor)[1]
                if zero_point != 0:
                    problem = f"{tensor.name} has zero point {zero_point}, 0 is needed"
            if problem is not None:
                return f"{role} {problem}"
        return None

    names = " and ".join(f"input {p}" for p in positions) if positions else "inputs"
    names = f"{names} and outputs" if outputs else names
    text = f"{names} quantized per tensor where they are integers"
    return Constraint(f"{text}, int16 and int32 with zero point 0" if symmetric else text, check)


# Of the types that a zero point is for: its least and greatest value.
_ZERO_POINTS = {
    "int8": (-128, 127), "uint8": (0, 255), "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1),
}  # fmt: skip


def _int8_problem(tensor: Tensor) -> str | None:
    if tensor.dtype != "int8":
        return f"{tensor.name} is {tensor.dtype}, int8 is needed"
    if tensor.elements < 1:
        return f"{tensor} has no elements"
    return _quantization_problem(tensor)


def _quantization_problem(tensor: Tensor, empty: bool = False) -> str | None:
    quantization = tensor.quantization
    if quantization is None or not quantization.scales:
        return f"{tensor.name} has no quantization"
    if quantization.per_channel:
        return f"{tensor.name} is quantized per channel, per tensor is needed"
    positive = quantization.scale > 0 or (empty and quantization.scale == 0)
    if not (math.isfinite(quantization.scale) and positive):
        return f"{tensor.name} has scale {quantization.scale}, a positive number is needed"
    low, high = _ZERO_POINTS[tensor.dtype]
    if not low <= quantization.zero_point <= high:
        zero_point = quantization.zero_point
        return f"{tensor.name} has zero point {zero_point}, {low} to {high} is needed"
    return None


def _activations(
    context: OperatorContext, positions: Collection[int], *, outputs: bool = True
) -> list[tuple[str, Tensor]]:
    chosen = positions or range(len(context.operator.inputs))
    operands = [(f"input {p}", context.optional_input(p)) for p in chosen]
    if outputs:
        operands += [
            (f"output {p}", context.output(p)) for p in range(len(context.operator.outputs))
        ]
    return [(role, tensor) for role, tensor in operands if tensor is not None]


def same_quantization(*positions: int, tolerance: float = 0.0) -> Constraint:
    """The inputs at `positions` (all of them when none is given) are quantized as output 0 is.

    Scales may differ by `tolerance`, measured as float32. Holds where nothing is quantized.
    """

    def check(context: OperatorContext) -> str | None:
        if context.output().quantization is None:
            return None
        wanted = _quantized(context.output())
        for role, tensor in _activations(context, positions):
            if tensor.quantization is None:
                continue
            found = _quantized(tensor)
            difference = abs(np.float32(found[0]) - np.float32(wanted[0]))
            if float(difference) > tolerance or found[1] != wanted[1]:
                return (
                    f"{role} {tensor.name} has scale {found[0]:.9g} and zero point {found[1]}, "
                    f"output {context.output().name} has {wanted[0]:.9g} and {wanted[1]}; "
                    "they must be equal"
                )
        return None

    return Constraint("input and output have the same scale and zero point", check)


def _quantized(tensor: Tensor) -> tuple[float, int]:
    quantization = tensor.quantization
    assert quantization is not None
    return quantization.scale, quantization.zero_point


def constant(position: int, role: str, dtypes: Collection[str]) -> Constraint:
    """The input at `position` (called `role` in messages), if present, is a constant.

    Its type must be one of `dtypes`.
    """
    wanted = " or ".join(dtypes)

    def check(context: OperatorContext) -> str | None:
        tensor = context.optional_input(position)
        if tensor is None:
            return None
        if tensor.dtype not in dtypes:
            return f"{role} {tensor.name} is {tensor.dtype}, {wanted} is needed"
        if not tensor.is_constant:
            return f"{role} {tensor.name} is computed at run time, a constant is needed"
        return None

    return Constraint(f"{role} is a constant of {wanted}", check)


def rank(role: str, get: Callable[[OperatorContext], Tensor], low: int, high: int) -> Constraint:
    """The tensor that `get` returns (called `role` in messages) has `low` to `high` dimensions."""
    wanted = str(low) if low == high else f"{low} to {high}"

    def check(context: OperatorContext) -> str | None:
        tensor = get(context)
        if low <= len(tensor.shape) <= high:
            return None
        return f"{role} {tensor} has {len(tensor.shape)} dimensions, {wanted} is needed"

    return Constraint(f"{role} has {wanted} dimensions", check)


# The interpreter has room for so many in a shape; more overwrite its stack.
_MOST_BROADCAST = 6


def _broadcast_problem(context: OperatorContext) -> str | None:
    first, second = context.input(0), context.input(1)
    if first.shape == second.shape:
        return None
    for position, tensor in enumerate((first, second)):
        if len(tensor.shape) > _MOST_BROADCAST:
            return (
                f"input {position} {tensor} has {len(tensor.shape)} dimensions, 0 to "
                f"{_MOST_BROADCAST} is needed where the inputs' shapes differ"
            )
    return None


# More dimensions only where nothing is repeated.
BROADCAST_RANK = Constraint(
    f"inputs have 0 to {_MOST_BROADCAST} dimensions, or one shape", _broadcast_problem
)


def input_rank(low: int, high: int, position: int = 0) -> Constraint:
    """The input at `position` has `low` to `high` dimensions."""
    return rank(f"input {position}", lambda context: context.input(position), low, high)


def output_rank(low: int, high: int) -> Constraint:
    """Output 0 has `low` to `high` dimensions."""
    return rank("output", lambda context: context.output(), low, high)


def output_shape(text: str, expected: Callable[[OperatorContext], tuple[int, ...]]) -> Constraint:
    """Output 0 has the shape that `expected` computes; `text` says it in words."""

    def check(context: OperatorContext) -> str | None:
        shape, given = expected(context), context.output().shape
        if given == shape:
            return None
        return f"output {context.output().name} has shape {given}, {shape} is needed"

    return Constraint(text, check)


def same_elements(position: int = 0) -> Constraint:
    """Output 0 has as many elements as the input at `position`."""

    def check(context: OperatorContext) -> str | None:
        source, target = context.input(position), context.output()
        if source.elements == target.elements:
            return None
        return f"input {source} has {source.elements} elements, output {target} {target.elements}"

    return Constraint("input and output have the same number of elements", check)


def same_shape(position: int = 0) -> Constraint:
    """Output 0 has the shape of the input at `position`."""
    return output_shape(
        "input and output have the same shape", lambda context: context.input(position).shape
    )


def fused_activation() -> Constraint:
    """The fused activation is one of ACTIVATIONS and its bounds do not overflow int32."""

    def check(context: OperatorContext) -> str | None:
        activation = context.text("fused_activation_function", "NONE")
        if activation not in ACTIVATIONS:
            return f"fused activation {activation}, one of {', '.join(ACTIVATIONS)} is needed"
        scale = _quantized(context.output())[0]
        if activation != "NONE" and scale < 6.0 / (1 << 30):
            return f"output {context.output().name} has scale {scale}, too small for {activation}"
        return None

    return Constraint(ACTIVATION_TEXT, check)


def multiplier_problem(real: float) -> str | None:
    """What is wrong with a real requantization multiplier, or None.

    Multipliers of 2^30 and more have no exact fixed-point form.
    """
    if not math.isfinite(real) or real < 0:
        return f"requantization multiplier {real} is not a finite number"
    if quantize_multiplier(real)[1] >= 30:
        return f"requantization multiplier {real:.3g} is too large, less than 2^29 is needed"
    return None

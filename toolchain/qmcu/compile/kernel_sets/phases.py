"""TRANSPOSE_CONV of int8 by phases, each of which is a CONV_2D: with a core's own convolution.

Outputs whose positions have the same remainder by the strides are a convolution without strides,
with every stride-th tap, from the last to the first (transpose_phases.h).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import gcd

import numpy as np
import numpy.typing as npt

from qmcu.compile.lifetimes import aligned
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators import transpose_conv
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.operators.window import (
    COLUMN_COUNT,
    COLUMN_PADDING,
    ROW_COUNT,
    ROW_PADDING,
    Axis,
    Fields,
    image_fields,
    window_fields,
)
from qmcu.compile.plan import (
    Argument,
    ConstantArgument,
    KernelCall,
    ParametersArgument,
    ScratchArgument,
)
from qmcu.model.graph import OptionValue

Int32Array = npt.NDArray[np.int32]
_FOUR = 4  # windows at a time
_WINDOWS = 32  # for which a convolution is worth its beginning
_KINDS = ("TRANSPOSE_CONV", "TRANSPOSE_CONV int32+int8>int8")


@dataclass(frozen=True)
class Phase:
    """Outputs of one remainder as a CONV_2D of the layer's input."""

    convolution: OperatorContext
    weights: Int32Array
    scratch: int
    overread: int = 0


@dataclass(frozen=True)
class Form:
    """A kernel and what it takes of a phase; None where it cannot compute that one."""

    kernel: str
    pack: Callable[[OperatorContext], Phase | None]
    fields: Callable[[OperatorContext, OperatorContext], Fields] = lambda layer, first: ()
    constants: Callable[[OperatorContext], tuple[Argument, ...]] = lambda layer: ()
    nested: str = "phases."


def _before(axis: Axis, phase: int) -> tuple[int, int]:
    """The padding before a phase's first tap along an axis, and its first output."""
    taps = -(-(axis.kernel - phase) // axis.stride)
    first = (phase - axis.padding) % axis.stride
    return taps - 1 - (first + axis.padding) // axis.stride, first


def _rows_together(height: int, width: int) -> int:
    """How many of a phase's rows to compute at a time: whole fours of windows, and some of them."""
    rows = _FOUR // gcd(_FOUR, width)
    return min(-(-_WINDOWS // (rows * width)) * rows, height)


def _convolutions(context: OperatorContext) -> Iterator[OperatorContext]:
    """Each phase as a CONV_2D, in the order of the kernels."""
    weights, source, target = context.input(1), context.input(2), context.output()
    down, right = transpose_conv.windows(context)
    activation = context.text("fused_activation_function", "NONE")
    options: dict[str, OptionValue] = {
        "padding": "VALID", "stride_h": 1, "stride_w": 1, "fused_activation_function": activation,
    }  # fmt: skip
    bias = context.operator.inputs[3:4]
    for row in range(down.stride):
        for column in range(right.stride):
            above, y = _before(down, row)
            left, x = _before(right, column)
            height = -(-(target.shape[1] - y) // down.stride)
            width = -(-(target.shape[2] - x) // right.stride)
            taps = weights.array[:, row :: down.stride, column :: right.stride][:, ::-1, ::-1]
            tensors = list(context.graph.tensors)
            tensors[weights.index] = replace(weights, shape=taps.shape, data=taps.tobytes())
            shape = (target.shape[0], height, width, target.shape[3])
            tensors[target.index] = replace(target, shape=shape)
            given = {
                ROW_PADDING: above,
                ROW_COUNT: height,
                COLUMN_PADDING: left,
                COLUMN_COUNT: width,
            }
            operator = replace(
                context.operator,
                kind="CONV_2D",
                inputs=(source.index, weights.index, *bias),
                options={**options, **given},
            )
            yield OperatorContext(replace(context.graph, tensors=tuple(tensors)), operator)


def by_phases(form: Form) -> Lowering:
    """TRANSPOSE_CONV by a kernel, where each phase has taps and outputs, and it takes them all."""

    def lower(context: OperatorContext) -> KernelCall | None:
        weights, source, target = context.input(1), context.input(2), context.output()
        down, right = transpose_conv.windows(context)
        inside = all(
            axis.stride <= min(axis.kernel, size)
            for axis, size in zip((down, right), target.shape[1:3], strict=True)
        )
        if source.is_constant or not inside:
            return None
        phases = [form.pack(convolution) for convolution in _convolutions(context)]
        packed = [phase for phase in phases if phase is not None]
        if len(packed) < len(phases):
            return None
        columns = -(-target.shape[2] // right.stride)
        rows = _rows_together(-(-target.shape[1] // down.stride), columns)
        staged = aligned(max(phase.scratch for phase in packed))
        shape: Fields = (
            *((f"window.{name}", value) for name, value in image_fields(source, target)),
            *(
                (f"window.{name}", value)
                for name, value in window_fields(down, right, dilated=True)
            ),
            ("input_zero_point", quantization_of(source).zero_point),
            ("rows", rows),
            ("staged", staged),
        )
        parameters = (
            *((f"{form.nested}{name}", value) for name, value in shape),
            *form.fields(context, packed[0].convolution),
        )
        values = np.concatenate([phase.weights for phase in packed])
        call = context.call(
            form.kernel,
            (
                ParametersArgument(f"qmcu_{form.kernel}_params", parameters),
                context.operand(source),
                context.constant("weights", values, "weights"),
                *form.constants(context),
                ScratchArgument(staged + rows * columns * target.shape[3]),
                context.operand(target),
            ),
            macs=source.elements * weights.elements // source.shape[3],
        )
        overread = max(phase.overread for phase in packed)
        return replace(call, reads=(source.index,), overread=overread)

    return lower


def words(values: npt.NDArray[np.generic]) -> Int32Array:
    """Any numbers, whole words of them, as words."""
    return np.frombuffer(values.tobytes(), "<i4").astype(np.int32)


def from_call(lower: Lowering) -> Callable[[OperatorContext], Phase | None]:
    """What a lowering of CONV_2D packs: its constants behind one another, whole words of each."""

    def pack(convolution: OperatorContext) -> Phase | None:
        call = lower(convolution)
        if call is None:
            return None
        constants = [
            argument.constant
            for argument in call.arguments
            if isinstance(argument, ConstantArgument) and argument.constant is not None
        ]
        scratch = sum(a.size for a in call.arguments if isinstance(a, ScratchArgument))
        filled = (c.data + bytes(-len(c.data) % 4) for c in constants)
        values = np.frombuffer(b"".join(filled), np.int8)
        return Phase(convolution, words(values), scratch, call.overread)

    return pack


def before(
    found: Mapping[str, Sequence[Lowering]], *forms: Lowering
) -> dict[str, Sequence[Lowering]]:
    """The `found` lowerings with `forms` of TRANSPOSE_CONV in the place of theirs.

    Theirs take several times the instructions, more than the library's kernel, so that no scratch
    and no flash they save is worth them: they serve where no form does.
    """

    def otherwise(lower: Lowering) -> Lowering:
        def lowered(context: OperatorContext) -> KernelCall | None:
            return None if any(form(context) for form in forms) else lower(context)

        return lowered

    own = {kind: (*forms, *map(otherwise, found.get(kind, ()))) for kind in _KINDS}
    return {**found, **own}

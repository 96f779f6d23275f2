"""SCATTER_ND, SEGMENT_SUM and UNSORTED_SEGMENT_SUM: slices that are added where they belong."""

from math import prod

import numpy as np

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.plan import Argument, KernelCall, ParametersArgument
from qmcu.model.graph import Tensor

_RANK = 5
_SUFFIXES = {"int8": "", "int32": "_s32", "int64": "_s64", "float32": "_f32"}
_NOTE = (
    "tflite-micro has no kernel for it: the expected bytes are those of qmcu's own reference in "
    "numpy, which adds in the order of LiteRT's reference kernel, to zeros (bytes of 0, as there)."
)


def _scatters(context: OperatorContext) -> bool:
    return context.operator.kind == "SCATTER_ND"


def _indices(context: OperatorContext) -> Tensor:
    return context.input(0 if _scatters(context) else 1)


def _updates(context: OperatorContext) -> Tensor:
    return context.input(1 if _scatters(context) else 0)


def _depth(context: OperatorContext) -> int:
    """How many numbers say where a slice goes."""
    return _indices(context).shape[-1] if _scatters(context) else 1


def _count(context: OperatorContext) -> int:
    """Of the slices."""
    return _indices(context).elements // _depth(context)


def _check_shapes(context: OperatorContext) -> str | None:
    indices, updates, output = _indices(context), _updates(context), context.output()
    depth = _depth(context)
    if not 1 <= depth <= min(_RANK, len(output.shape)):
        return f"{depth} numbers say where a slice goes in output {output}"
    places = indices.shape[:-1] if _scatters(context) else indices.shape
    wanted = (*places, *output.shape[depth:])
    if updates.shape != wanted:
        return f"{updates} is added to output {output}, of shape {wanted} it has to be"
    stated = context.optional_input(2)
    if stated is None:
        return None
    numbers = stated.array.reshape(-1).tolist()
    known = list(output.shape if _scatters(context) else output.shape[:1])
    return None if numbers == known else f"output {output} is not of the shape {numbers} it states"


def _check_places(context: OperatorContext) -> str | None:
    indices = _indices(context)
    if not indices.is_constant:
        return None
    if context.operator.kind == "SEGMENT_SUM":
        steps = np.diff(indices.array.reshape(-1), prepend=0)
        if steps[0] or not np.isin(steps, (0, 1)).all():
            return f"segments {indices} do not count up from 0"
    lengths = np.array(context.output().shape[: _depth(context)])
    found = indices.array.reshape(-1, len(lengths))
    least = np.iinfo(np.int32).min if context.operator.kind.startswith("UNSORTED") else 0
    if ((found < lengths) & (found >= least)).all():
        return None
    return f"indices {indices} lie outside output {context.output()}"


def _lower(context: OperatorContext) -> KernelCall:
    indices, updates, output = _indices(context), _updates(context), context.output()
    depth = _depth(context)
    lengths = output.shape[:depth]
    fields = (
        ("count", _count(context)),
        ("depth", depth),
        ("lengths", (*lengths, *(1,) * (_RANK - depth))),
        ("slice", prod(output.shape[depth:])),
        ("size", output.elements),
    )
    places: Argument = context.operand(indices)
    if indices.is_constant:
        places = context.constant("indices", indices.array.astype(np.int32), "data")
    arguments = (
        ParametersArgument("qmcu_scatter_params", fields),
        places,
        context.operand(updates),
        context.operand(output),
    )
    return context.call(f"scatter{_SUFFIXES[updates.dtype]}", arguments)


def _form(kind: str, dtype: str) -> OperatorSupport:
    scatters = kind == "SCATTER_ND"
    indices, updates = (0, 1) if scatters else (1, 0)
    stated = "shape" if scatters else "number of segments"
    sized = () if kind == "SEGMENT_SUM" else (checks.constant(2, stated, ("int32",)),)
    return OperatorSupport(
        kind,
        f"scatter{_SUFFIXES[dtype]}",
        (
            checks.operands(2 if kind == "SEGMENT_SUM" else 3),
            checks.types(dtype, updates, same=True),
            checks.types("int32", indices, outputs=False),
            checks.input_rank(1, 8, indices),
            *sized,
            *((checks.constant(1, "segments", ("int32",)),) if not sized else ()),
            Constraint("shapes of indices, slices and output fit", _check_shapes),
            Constraint(
                "constant indices lie within the output"
                if sized
                else "segments count up from 0, none left out",
                _check_places,
            ),
        ),
        _lower,
        types=(dtype,),
        note=_NOTE,
    )


SUPPORT: tuple[OperatorSupport, ...] = (
    *(_form("SCATTER_ND", dtype) for dtype in _SUFFIXES),
    *(
        _form(kind, dtype)
        for kind in ("SEGMENT_SUM", "UNSORTED_SEGMENT_SUM")
        for dtype in ("int32", "float32")
    ),
)

"""What operators give: integers and bools, and bytes that are only moved.

Nothing here rounds, so the results are tflite-micro's. It serves constant folding, and the oracle
where tflite-micro lacks the operator (see `model.pieces`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from qmcu.model.graph import Operator
from qmcu.model.passes.angles import atan2
from qmcu.model.passes.comparing import COMPARING
from qmcu.model.passes.placing import PLACING, cumsum, pad
from qmcu.types import Array

Evaluate = Callable[[Operator, Sequence[Array]], Sequence[Array]]

# More elements than this are not made into a constant: it would go to flash.
MOST_ELEMENTS = 4096
_INTEGERS = frozenset({"int32", "int64", "bool"})
# What chooses one of its inputs' elements does so of quantized ones, whatever they mean.
_QUANTIZED = frozenset({"int8", "int16"})
_CHOOSING = frozenset({"ARG_MAX", "ARG_MIN", "REDUCE_MAX", "REDUCE_MIN"})


def evaluate(
    operator: Operator,
    inputs: Sequence[Array],
    most: int = MOST_ELEMENTS,
    dtypes: Sequence[str] = (),
) -> Sequence[Array] | None:
    """The outputs for these inputs, or None when they are not known here.

    `dtypes` are those of the outputs, which CAST needs. What an operator does not accept (an axis
    that is not there) gives None too, and so do outputs of more than `most` elements that it would
    make of fewer.
    """
    kind = operator.kind
    if kind == "ATAN2" and any(a.dtype != np.float32 for a in inputs):
        return None
    moved = _MOVING.get(kind) or COMPARING.get(kind) or PLACING.get(kind)
    computed = _COMPUTING.get(operator.kind)
    chosen = _QUANTIZED if operator.kind in _CHOOSING else frozenset()
    if computed is not None and any(a.dtype.name not in _INTEGERS | chosen for a in inputs):
        computed = None
    if operator.options.get("fused_activation_function", "NONE") != "NONE":
        return None
    function = moved or computed
    if operator.kind == "CAST" and len(dtypes) == 1:
        function = _cast(dtypes[0])
    if function is None:
        return None
    try:
        if operator.kind in _MAKING and _MAKING[operator.kind](inputs) > most:
            return None
        with np.errstate(all="ignore"):
            return function(operator, inputs)
    except (ValueError, IndexError, TypeError, KeyError, OverflowError, ZeroDivisionError):
        return None


def _integers(values: Array) -> list[int]:
    return [int(v) for v in values.reshape(-1)]


def _option(operator: Operator, name: str) -> int:
    value = operator.options.get(name, 0)
    if not isinstance(value, int):
        raise TypeError(name)
    return value


def strided_slice_index(
    operator: Operator, begin: Sequence[int], end: Sequence[int], strides: Sequence[int]
) -> tuple[Any, ...]:
    """The numpy index that STRIDED_SLICE stands for. Raises ValueError for masks it lacks."""
    if _option(operator, "ellipsis_mask") or _option(operator, "new_axis_mask"):
        raise ValueError("mask")
    begin_mask, end_mask = _option(operator, "begin_mask"), _option(operator, "end_mask")
    shrink = _option(operator, "shrink_axis_mask")
    index: list[Any] = []
    for axis, (first, last, step) in enumerate(zip(begin, end, strides, strict=True)):
        bit = 1 << axis
        if shrink & bit:
            index.append(0 if begin_mask & bit else first)
            continue
        if not step:
            raise ValueError("stride")
        index.append(
            slice(None if begin_mask & bit else first, None if end_mask & bit else last, step)
        )
    return tuple(index)


def _strided_slice(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    source, *rest = inputs
    return [source[strided_slice_index(operator, *map(_integers, rest))]]


def _pack(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    return [np.stack(inputs, _option(operator, "axis"))]


def _unpack(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    axis = _option(operator, "axis")
    return [np.take(inputs[0], i, axis) for i in range(inputs[0].shape[axis])]


def _split(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    axis, source = inputs
    return np.split(source, len(operator.outputs), int(axis.item()))


def _split_v(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    source, sizes, axis = inputs
    ends = np.cumsum(_known_sizes(source.shape[int(axis.item())], _integers(sizes)))
    return np.split(source, ends[:-1], int(axis.item()))


def _known_sizes(whole: int, sizes: list[int]) -> list[int]:
    """The sizes, one of which may be -1: what the others leave."""
    rest = whole - sum(n for n in sizes if n >= 0)
    return [rest if n < 0 else n for n in sizes]


def _concatenation(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    return [np.concatenate(inputs, _option(operator, "axis"))]


def _gather(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    source, positions = inputs
    if _option(operator, "batch_dims") or (positions.size and positions.min() < 0):
        raise ValueError("gather")
    return [np.take(source, positions, _option(operator, "axis"))]


def _gather_nd(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    source, positions = inputs
    if positions.size and positions.min() < 0:
        raise ValueError("gather")
    return [source[tuple(np.moveaxis(positions, -1, 0))]]


def _space_to_batch(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    """Unpadded: what it pads is a PAD in front."""
    source, block, paddings = inputs
    if paddings.any():
        raise ValueError("padding")
    sizes = _integers(block)
    split: list[int] = []
    for length, size in zip(source.shape[1:], sizes, strict=False):
        split += [length // size, size]
    n = len(sizes)
    places, within = range(1, 2 * n, 2), range(2, 2 * n + 1, 2)
    rows = source.reshape(source.shape[0], *split, *source.shape[1 + n :])
    moved = rows.transpose(*within, 0, *places, *range(2 * n + 1, rows.ndim))
    return [moved.reshape(-1, *split[::2], *source.shape[1 + n :])]


def _batch_to_space(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    source, block, crops = inputs
    sizes = _integers(block)
    n = len(sizes)
    rows = source.reshape(*sizes, -1, *source.shape[1:])
    order = [n, *(axis for i in range(n) for axis in (n + 1 + i, i)), *range(2 * n + 1, rows.ndim)]
    lengths = [length * size for length, size in zip(source.shape[1:], sizes, strict=False)]
    whole = rows.transpose(*order).reshape(-1, *lengths, *source.shape[1 + n :])
    kept = (
        slice(int(before), length - int(after))
        for length, (before, after) in zip(lengths, crops, strict=True)
    )
    return [whole[(slice(None), *kept)]]


def _slice(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    source, begins, sizes = inputs
    return [
        source[
            tuple(
                slice(b, None if s == -1 else b + s)
                for b, s in zip(_integers(begins), _integers(sizes), strict=True)
            )
        ]
    ]


def _reduced(function: Callable[..., Any]) -> Evaluate:
    def compute(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
        source, axes = inputs
        dims = tuple({int(a) % source.ndim for a in _integers(axes)}) if source.ndim else ()
        keep = bool(operator.options.get("keep_dims", False))
        return [np.asarray(function(source, axis=dims, keepdims=keep)).astype(source.dtype)]

    return compute


def _mean(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    """Cut off towards 0, of a sum in 64 bits."""
    (sums,) = _reduced(np.sum)(operator, [inputs[0].astype(np.int64), inputs[1]])
    count = inputs[0].size // sums.size
    return [((np.abs(sums) // count) * np.sign(sums)).astype(inputs[0].dtype)]


def _place(function: Callable[..., Any]) -> Evaluate:
    """The first of equal elements, in int32 (see `model.places`)."""

    def compute(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
        source, axis = inputs
        return [np.asarray(function(source, axis=int(axis.item()))).astype(np.int32)]

    return compute


def _binary(function: Callable[[Array, Array], Array]) -> Evaluate:
    return lambda operator, inputs: [np.asarray(function(inputs[0], inputs[1]))]


def _unary(function: Callable[[Array], Array]) -> Evaluate:
    return lambda operator, inputs: [np.asarray(function(inputs[0]))]


def _floor(function: Callable[[Array, Array], Array]) -> Evaluate:
    def compute(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
        if not np.all(inputs[1]):
            raise ZeroDivisionError
        return [np.asarray(function(inputs[0], inputs[1]))]

    return compute


def _range(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    first, last, step = (int(a.reshape(-1)[0]) for a in inputs)
    return [np.arange(first, last, step, dtype=inputs[0].dtype)]


def _range_length(inputs: Sequence[Array]) -> float:
    return len(range(*(int(a.reshape(-1)[0]) for a in inputs)))


def _product(values: Array) -> float:
    return float(np.prod(values, dtype=np.float64))


def _fill(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    return [np.full(_integers(inputs[0]), inputs[1].reshape(-1)[0], inputs[1].dtype)]


def _broadcast_to(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    return [np.ascontiguousarray(np.broadcast_to(inputs[0], _integers(inputs[1])))]


def _tile(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    return [np.tile(inputs[0], _integers(inputs[1]))]


def _select(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    condition, first, second = inputs
    if operator.kind == "SELECT" and condition.ndim == 1 and first.ndim > 1:
        # One decision for each row.
        condition = condition.reshape(-1, *(1,) * (first.ndim - 1))
    return [np.where(condition, first, second)]


def _cast(dtype: str) -> Evaluate:
    def compute(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
        (source,) = inputs
        if source.dtype.kind == "f" and dtype not in ("bool", source.dtype.name):
            # What is beyond the integers' range is each machine's own.
            raise TypeError(dtype)
        return [source.astype(dtype)]

    return compute


def _broadcast_args(operator: Operator, inputs: Sequence[Array]) -> Sequence[Array]:
    shape = np.broadcast_shapes(*(tuple(_integers(a)) for a in inputs))
    return [np.array(shape, inputs[0].dtype)]


# Bytes are moved, whatever they mean. The output's shape is the tensor's own.
_MOVING: Mapping[str, Evaluate] = {
    "ATAN2": atan2,
    "CONCATENATION": _concatenation,
    "BATCH_TO_SPACE_ND": _batch_to_space,
    "BROADCAST_TO": _broadcast_to,
    "EXPAND_DIMS": lambda operator, inputs: [inputs[0]],
    "GATHER": _gather,
    "GATHER_ND": _gather_nd,
    "PACK": _pack,
    "RESHAPE": lambda operator, inputs: [inputs[0]],
    "SELECT": _select,
    "SELECT_V2": _select,
    "SLICE": _slice,
    "SPACE_TO_BATCH_ND": _space_to_batch,
    "SPLIT": _split,
    "SPLIT_V": _split_v,
    "SQUEEZE": lambda operator, inputs: [inputs[0]],
    "STRIDED_SLICE": _strided_slice,
    "TILE": _tile,
    "TRANSPOSE": lambda operator, inputs: [np.transpose(inputs[0], _integers(inputs[1]))],
    "UNPACK": _unpack,
}
_COMPUTING: Mapping[str, Evaluate] = {
    "ABS": _unary(np.abs),
    "ADD": _binary(np.add),
    "ARG_MAX": _place(np.argmax),
    "ARG_MIN": _place(np.argmin),
    "BITWISE_XOR": _binary(np.bitwise_xor),
    "BROADCAST_ARGS": _broadcast_args,
    "CUMSUM": cumsum,
    "EQUAL": _binary(np.equal),
    "FILL": _fill,
    "FLOOR_DIV": _floor(np.floor_divide),
    "FLOOR_MOD": _floor(np.mod),
    "GREATER": _binary(np.greater),
    "GREATER_EQUAL": _binary(np.greater_equal),
    "LESS": _binary(np.less),
    "LESS_EQUAL": _binary(np.less_equal),
    "LOGICAL_AND": _binary(np.logical_and),
    "LOGICAL_NOT": _unary(np.logical_not),
    "LOGICAL_OR": _binary(np.logical_or),
    "MAXIMUM": _binary(np.maximum),
    "MEAN": _mean,
    "MINIMUM": _binary(np.minimum),
    "MUL": _binary(np.multiply),
    "NEG": _unary(np.negative),
    "NOT_EQUAL": _binary(np.not_equal),
    "PAD": pad,
    "RANGE": _range,
    "REDUCE_ALL": _reduced(np.all),
    "REDUCE_ANY": _reduced(np.any),
    "REDUCE_MAX": _reduced(np.max),
    "REDUCE_MIN": _reduced(np.min),
    "REDUCE_PROD": _reduced(np.prod),
    "RIGHT_SHIFT": _binary(lambda a, b: a >> np.clip(b, 0, 31)),
    "SQUARE": _unary(np.square),
    "SUB": _binary(np.subtract),
    "SUM": _reduced(np.sum),
    "ZEROS_LIKE": _unary(np.zeros_like),
}
# How many elements the output has where a few may become many.
_MAKING: Mapping[str, Callable[[Sequence[Array]], float]] = {
    "BROADCAST_TO": lambda inputs: _product(inputs[1]),
    "FILL": lambda inputs: _product(inputs[0]),
    "RANGE": _range_length,
    "TILE": lambda inputs: _product(inputs[1]) * inputs[0].size,
}

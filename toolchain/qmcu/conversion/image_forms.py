"""Layers of volumes as layers of images while a Keras model is traced: what TFLite has in integers.

A volume's frames are a batch of images; those that a kernel reaches over are joined as channels, so
that each result is one sum, rounded once, of the same weights. A transposed convolution with
dilation is one with zeros in its kernel. Only for one input at a time, as a device has them.

Keras 3 looks at the sign of zeros before it asks for the largest number, by operators of bits that
TFLite lacks; here ARG_MAX and ARG_MIN are asked as they are.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

_VOLUME = 5
# The names under which Keras 3 and Keras 2 reach the functions.
_NAMES = ("convolution", "max_pool", "avg_pool", "max_pool3d", "avg_pool3d", "conv_transpose",
          "conv2d_transpose")  # fmt: skip
_PLACES = ("argmax", "argmin")


@contextmanager
def image_forms(tensorflow: Any) -> Iterator[None]:
    """Within it TensorFlow's functions of volumes are written with those of images."""
    modules = (tensorflow.nn, tensorflow.compat.v2.nn, tensorflow.compat.v1.nn)
    old = [(m, name, getattr(m, name)) for m in modules for name in _NAMES if hasattr(m, name)]
    numbers = sys.modules.get("keras.src.backend.tensorflow.numpy")
    places = [(numbers, n, getattr(numbers, n)) for n in _PLACES if hasattr(numbers, n)]
    try:
        for module, name, function in old:
            setattr(module, name, _form(tensorflow, name, function))
        for module, name, _ in places:
            setattr(module, name, _place(tensorflow, name))
        yield
    finally:
        for module, name, function in (*old, *places):
            setattr(module, name, function)


def _form(tf: Any, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that writes its volumes as images, and does else what `function` does."""

    def convolution(*given: Any, **named: Any) -> Any:
        x = given[0] if given else named["input"]
        filters: Any = given[1] if len(given) > 1 else named.get("filters", named.get("filter"))
        last = named.get("data_format") in (None, "NDHWC")
        if len(x.shape) != _VOLUME or not last or x.shape[-1] != filters.shape[-2]:
            return function(*given, **named)
        strides = given[2] if len(given) > 2 else named.get("strides")
        padding = given[3] if len(given) > 3 else named.get("padding", "VALID")
        dilations = named.get("dilations") or named.get("dilation_rate")
        return _convolved(tf, x, filters, _three(strides), str(padding), _three(dilations))

    def pool(*given: Any, **named: Any) -> Any:
        names = ("input", "ksize", "strides", "padding", "data_format")
        values = dict(zip(names, given, strict=False)) | named
        x = values["input"]
        if len(x.shape) != _VOLUME or values.get("data_format") not in (None, "NDHWC"):
            return function(*given, **named)
        walk = (_three(values["ksize"]), _three(values["strides"]), str(values["padding"]))
        return _pooled(tf, x, name.startswith("max"), *walk)

    def transposed(*given: Any, **named: Any) -> Any:
        dilations = named.get("dilations")
        if dilations is None or len(given[0].shape) != 4:
            return function(*given, **named)
        spread = (dilations, dilations) if isinstance(dilations, int) else tuple(dilations)[-2:]
        if len(tuple(spread)) != 2 or max(spread) == 1:
            return function(*given, **named)
        filters = _spread(tf, given[1], spread)
        return function(given[0], filters, *given[2:], **{**named, "dilations": None})

    if "transpose" in name:
        return transposed
    return convolution if name == "convolution" else pool


def _place(tf: Any, name: str) -> Callable[..., Any]:
    """Keras' function of that name without its look at the sign of zeros."""

    def place(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
        x = tf.convert_to_tensor(x)
        flat = tf.reshape(x, [-1]) if axis is None else x
        found = getattr(tf, name)(flat, axis=axis or 0, output_type="int32")
        if not keepdims:
            return found
        return tf.reshape(found, [1] * x.ndim) if axis is None else tf.expand_dims(found, axis)

    return place


def _three(values: Any) -> tuple[int, int, int]:
    """A window's numbers for depth, height and width."""
    if values is None or isinstance(values, int):
        return (values or 1,) * 3
    found = [int(v) for v in values]
    found = found[1:4] if len(found) == _VOLUME else found * (3 if len(found) == 1 else 1)
    return found[0], found[1], found[2]


def _walk(
    size: int, kernel: int, stride: int, padding: str, dilation: int = 1
) -> tuple[int, int, int]:
    """How many results there are along an axis, and the padding before and behind it."""
    reach = (kernel - 1) * dilation + 1
    if padding.upper() == "VALID":
        return (size - reach) // stride + 1, 0, 0
    count = -(-size // stride)
    total = max((count - 1) * stride + reach - size, 0)
    return count, total // 2, total - total // 2


def _parts(frames: Any, taps: int, count: int, stride: int, dilation: int = 1) -> list[Any]:
    """For each tap of a window over frames [D, ...] the frames [count, ...] that it meets."""
    ends = (count - 1) * stride + 1
    return [frames[t * dilation : t * dilation + ends : stride] for t in range(taps)]


def _convolved(
    tf: Any, x: Any, filters: Any, strides: Sequence[int], padding: str, dilations: Sequence[int]
) -> Any:
    depth, *sizes = (int(n) for n in x.shape[1:])
    taps, *window, inputs, outputs = (int(n) for n in filters.shape)
    count, before, behind = _walk(depth, taps, strides[0], padding, dilations[0])
    frames = tf.reshape(x, [-1, *sizes])
    if before or behind:
        frames = tf.pad(frames, [[before, behind], [0, 0], [0, 0], [0, 0]])
    parts = _parts(frames, taps, count, strides[0], dilations[0])
    joined = parts[0] if taps == 1 else tf.concat(parts, -1)
    kernel = tf.reshape(
        tf.transpose(filters, (1, 2, 0, 3, 4)), [*window, taps * inputs, outputs]
    )  # fmt: skip
    y = tf.nn.conv2d(
        joined, kernel, list(strides[1:]), padding.upper(), dilations=list(dilations[1:])
    )  # fmt: skip
    return tf.reshape(y, [-1, count, *(int(n) for n in y.shape[1:])])


def _pooled(
    tf: Any, x: Any, largest: bool, kernel: Sequence[int], strides: Sequence[int], padding: str
) -> Any:
    depth, *sizes = (int(n) for n in x.shape[1:])
    frames = tf.reshape(x, [-1, *sizes])
    if max(*kernel[1:], *strides[1:]) > 1:
        pool = tf.nn.max_pool2d if largest else _average
        frames = pool(frames, list(kernel[1:]), list(strides[1:]), padding.upper())
    count, before, behind = _walk(depth, kernel[0], strides[0], padding)
    if before or behind:
        if largest:
            # The first and the last frame are in each window that reaches beyond them.
            frames = tf.concat([*[frames[:1]] * before, frames, *[frames[-1:]] * behind], 0)
        else:
            frames = tf.pad(frames, [[before, behind], [0, 0], [0, 0], [0, 0]])
    parts = _parts(frames, kernel[0], count, strides[0])
    y = parts[0]
    for part in parts[1:]:
        y = tf.maximum(y, part) if largest else y + part
    if not largest and kernel[0] > 1:
        starts = [i * strides[0] - before for i in range(count)]
        met = [min(s + kernel[0], depth) - max(s, 0) for s in starts]
        y = y * tf.constant([[[[1.0 / n]]] for n in met], y.dtype)
    return tf.reshape(y, [-1, count, *(int(n) for n in y.shape[1:])])


def _average(frames: Any, kernel: list[int], strides: list[int], padding: str) -> Any:
    from qmcu.tensorflow import load_tensorflow

    return load_tensorflow().compat.v1.nn.avg_pool2d(frames, kernel, strides, padding)


def _spread(tf: Any, filters: Any, dilations: Sequence[int]) -> Any:
    """A kernel [h, w, ...] with zeros between its numbers."""
    high, wide = dilations
    rows, columns, *rest = (int(n) for n in filters.shape)
    split = tf.reshape(filters, [rows, 1, columns, 1, *rest])
    padded = tf.pad(split, [[0, 0], [0, high - 1], [0, 0], [0, wide - 1], *[[0, 0]] * len(rest)])
    whole = tf.reshape(padded, [rows * high, columns * wide, *rest])
    return whole[: (rows - 1) * high + 1, : (columns - 1) * wide + 1]

"""Layers that TFLite lacks, as layers of images: of volumes, and of transposed convolutions.

A volume's frames are a batch of images; the frames that a kernel reaches over are joined as
channels, so that each result is one sum, rounded once, of the same weights. A transposed
convolution is one of the image with zeros between its numbers.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from qmcu.model.graph import Quantization
from qmcu.model.onnx.maker import Maker
from qmcu.model.onnx.net import Net, Node, Value
from qmcu.types import Array, Shape


def write_volumes(net: Net) -> None:
    """Replace layers of volumes, and transposed convolutions that TRANSPOSE_CONV is none of.

    Raises ModelError for a batch, and for transposed convolutions of volumes.
    """
    nodes: list[Node] = []
    for node in net.nodes:
        write = _FORMS.get(node.kind)
        new = None if write is None else write(Maker(net, node))
        nodes.extend([node] if new is None else new)
    net.nodes = nodes


@dataclass(frozen=True)
class _Axis:
    """A window's walk over one axis."""

    kernel: int
    stride: int
    dilation: int
    before: int
    behind: int


def _axes(m: Maker, kernel: Shape) -> list[_Axis]:
    """The walks over depth, height and width, as pads or auto_pad tell them."""
    rank = len(kernel)
    strides = m.node.integers("strides") or (1,) * rank
    dilations = m.node.integers("dilations") or (1,) * rank
    pads = m.node.integers("pads") or (0,) * (2 * rank)
    auto = m.node.text("auto_pad", "NOTSET")
    sizes, out = m.source.shape[2:], m.net.values[m.node.outputs[0]].shape[2:]
    found = []
    for i, k in enumerate(kernel):
        reach = (k - 1) * dilations[i] + 1
        needed = max((out[i] - 1) * strides[i] + reach - sizes[i], 0)
        before = pads[i]
        if auto.startswith("SAME"):
            before = needed // 2 if auto == "SAME_UPPER" else needed - needed // 2
        # What ceil_mode lets a window reach beyond the end is no padding of the file's.
        behind = min(pads[i + rank], needed - before) if auto == "NOTSET" else needed - before
        found.append(_Axis(k, strides[i], dilations[i], before, max(behind, 0)))
    return found


def _require_one(m: Maker) -> None:
    if m.source.shape[0] != 1:
        raise m.net.fail(
            m.node, f"works on a batch of {m.source.shape[0]} volumes", "export with a batch of 1"
        )


def _moved(
    m: Maker, kind: str, inputs: list[str], shape: Shape, like: Value, **given: object
) -> str:
    """A node that only moves numbers: its result is in those of `like`."""
    name = m.add(kind, inputs, shape, **given)
    value = m.net.values[name]
    value.dtype, value.quantization, value.inner = like.dtype, like.quantization, False
    return name


def _frames(m: Maker) -> str:
    """The volume [1, C, D, H, W] as a batch of images [D, C, H, W]: the same memory."""
    _, channels, depth, height, width = m.source.shape
    flat = _moved(m, "Reshape", [m.source.name], (channels, depth, height, width), m.source,
                  frames=1)  # fmt: skip
    shape = (depth, channels, height, width)
    return _moved(m, "Transpose", [flat], shape, m.source, perm=[1, 0, 2, 3])


def _joined(m: Maker, frames: str, walk: _Axis, count: int, groups: int) -> str:
    """Images of the frames that each result reaches over, as channels of one."""
    depth, channels, height, width = m.net.values[frames].shape
    if walk.before or walk.behind:
        depth += walk.before + walk.behind
        pads = m.constant("frames", [walk.before, 0, 0, 0, walk.behind, 0, 0, 0])
        frames = _moved(m, "Pad", [frames, pads], (depth, channels, height, width), m.source)
    if walk.kernel == 1 and walk.stride == 1:
        return frames
    parts = []
    own, last = (count, channels, height, width), (count, height, width, channels)
    # Frames stand inside of each group's channels, which so are an axis of their own.
    grouped = (count, height, width, groups, channels // groups)
    for tap in range(walk.kernel):
        start = tap * walk.dilation
        bounds = (start, start + (count - 1) * walk.stride + 1, 0, walk.stride)
        cut = [frames, *(m.constant("bound", [n]) for n in bounds)]
        part = _moved(m, "Slice", cut, own, m.source)
        if groups > 1:
            part = _moved(m, "Transpose", [part], last, m.source, perm=[0, 2, 3, 1])
            part = _moved(m, "Reshape", [part], grouped, m.source)
        parts.append(part)
    wide = walk.kernel * channels
    if groups == 1:
        if len(parts) == 1:
            return parts[0]
        return _moved(m, "Concat", parts, (count, wide, height, width), m.source, axis=1)
    shape = (*grouped[:4], wide // groups)
    joined = parts[0] if len(parts) == 1 else _moved(m, "Concat", parts, shape, m.source, axis=4)
    rows = _moved(m, "Reshape", [joined], (count, height, width, wide), m.source)
    return _moved(
        m, "Transpose", [rows], (count, wide, height, width), m.source, perm=[0, 3, 1, 2]
    )  # fmt: skip


def _volume_convolution(m: Maker) -> list[Node] | None:
    """Conv of volumes: the frames that the kernel reaches over are channels of images."""
    if len(m.source.shape) != 5:
        return None
    _require_one(m)
    weights = m.net.values[m.operand(1)]
    outputs, inputs, depth, height, width = weights.shape
    first, *image = _axes(m, (depth, height, width))
    target = m.net.values[m.node.outputs[0]]
    count, groups = target.shape[2], m.node.integer("group", 1)
    frames = _joined(m, _frames(m), first, count, groups)
    order, shape = (0, 2, 1, 3, 4), (outputs, depth * inputs, height, width)
    kernel = _weights(m, weights, order, shape)
    options: dict[str, Any] = {
        "group": groups, "strides": [a.stride for a in image],
        "dilations": [a.dilation for a in image],
        "pads": [*(a.before for a in image), *(a.behind for a in image)],
    }  # fmt: skip
    if "activation" in m.node.attributes:
        options["activation"] = m.node.attributes["activation"]
    made = (count, outputs, *target.shape[3:])
    images = _moved(m, "Conv", [frames, kernel, *m.node.inputs[2:]], made, target, **options)
    _volume(m, images, target)
    if depth > 1:
        m.net.notes.append(
            f"{m.node} joins {depth} frames as channels, which takes {depth} times its input's "
            "memory"
        )
    return m.nodes


def _volume(m: Maker, images: str, target: Value) -> None:
    """Images [D, C, H, W] as the volume that the node makes."""
    depth, channels, height, width = m.net.values[images].shape
    shape = (channels, depth, height, width)
    turned = _moved(m, "Transpose", [images], shape, target, perm=[1, 0, 2, 3])
    m.add("Reshape", [turned])


def _weights(m: Maker, value: Value, order: tuple[int, ...], shape: Shape) -> str:
    """Weights in another order and shape, integers of the file as they are."""

    def arranged(array: Array) -> Array:
        return np.transpose(array, order).reshape(shape)

    assert value.array is not None
    grid = value.quantization
    name = m.net.add_constant(f"{value.name}/images", arranged(value.array), grid)
    m.net.values[name].file = None if value.file is None else arranged(value.file)
    return name


def _volume_pool(m: Maker) -> list[Node] | None:
    """A pool of volumes: of each frame, then over the frames."""
    if len(m.source.shape) != 5:
        return None
    _require_one(m)
    first, *image = _axes(m, m.node.integers("kernel_shape"))
    target = m.net.values[m.node.outputs[0]]
    _, channels, count, height, width = target.shape
    kind, counted = m.node.kind, m.node.integer("count_include_pad")
    if kind == "AveragePool" and target.quantization is not None:
        m.net.notes.append(f"{m.node} rounds twice: in each frame, then over the frames")
    images = _moved(
        m, kind, [_frames(m)], (m.source.shape[2], channels, height, width), m.source,
        kernel_shape=[a.kernel for a in image], strides=[a.stride for a in image],
        pads=[*(a.before for a in image), *(a.behind for a in image)], count_include_pad=counted,
    )  # fmt: skip
    depth = m.source.shape[2]
    turned = (channels, depth, height, width)
    rows = _moved(m, "Transpose", [images], turned, m.source, perm=[1, 0, 2, 3])
    rows = _moved(m, "Reshape", [rows], (1, channels, depth, height * width), m.source)
    made = (1, channels, count, height * width)
    pooled = _moved(
        m, kind, [rows], made, target, kernel_shape=[first.kernel, 1], strides=[first.stride, 1],
        pads=[first.before, 0, first.behind, 0], count_include_pad=counted,
    )  # fmt: skip
    m.add("Reshape", [pooled])
    return m.nodes


def _transposed_convolution(m: Maker) -> list[Node] | None:
    """ConvTranspose with groups, dilation or padding beyond its windows: zeros in between."""
    weights, shape = m.net.values[m.node.inputs[1]], m.source.shape
    rank = len(shape) - 2
    if rank > 2:
        raise m.net.fail(
            m.node, "transposes a convolution of volumes", "use Resize and Conv for each frame"
        )
    strides = m.node.integers("strides") or (1,) * rank
    dilations = m.node.integers("dilations") or (1,) * rank
    pads = m.node.integers("pads") or (0,) * (2 * rank)
    groups, target = m.node.integer("group", 1), m.net.values[m.node.outputs[0]]
    reach = [(k - 1) * d for k, d in zip(weights.shape[2:], dilations, strict=True)]
    full = [(n - 1) * s + r + 1 for n, s, r in zip(shape[2:], strides, reach, strict=True)]
    out = target.shape[2:]
    beyond = any(b + n > f for b, n, f in zip(pads, out, full, strict=False))
    plain = m.node.text("auto_pad", "NOTSET") in ("NOTSET", "VALID")
    if not plain or weights.array is None or m.node.integers("output_shape"):
        return None
    if groups == 1 and not beyond and set(dilations) == {1}:
        return None
    if shape[0] != 1:
        raise m.net.fail(m.node, f"works on a batch of {shape[0]}", "export with a batch of 1")
    spread = [n * s for n, s in zip(shape[2:], strides, strict=True)]
    x = _with_zeros(m, strides, spread)
    ends = [(r - p, n - w - (r - p) + r)
            for r, p, n, w in zip(reach, pads, out, spread, strict=False)]  # fmt: skip
    if any(n < 0 for both in ends for n in both):
        off = [(min(b, 0), min(e, 0)) for b, e in ends]
        amounts = [0, 0, *(b for b, _ in off), 0, 0, *(e for _, e in off)]
        cut = (*shape[:2], *(w + b + e for w, (b, e) in zip(spread, off, strict=True)))
        x = _moved(m, "Pad", [x, m.constant("cut", amounts)], cut, m.source)
    kept = [(max(b, 0), max(e, 0)) for b, e in ends]
    options: dict[str, Any] = {
        "group": groups, "dilations": list(dilations), "strides": [1] * rank,
        "pads": [*(b for b, _ in kept), *(e for _, e in kept)],
    }  # fmt: skip
    if "activation" in m.node.attributes:
        options["activation"] = m.node.attributes["activation"]
    m.add("Conv", [x, _flipped(m, weights, groups), *m.node.inputs[2:]], **options)
    return m.nodes


def _with_zeros(m: Maker, strides: Shape, spread: list[int]) -> str:
    """The image with zeros behind each number, a stride less one of them."""
    _, channels, *sizes = m.source.shape
    if set(strides) == {1}:
        return m.source.name
    apart = (channels, *(n for size in sizes for n in (size, 1)))
    wide = (channels, *(n for both in zip(sizes, strides, strict=True) for n in both))
    rank = len(apart)
    x = _moved(m, "Reshape", [m.source.name], apart, m.source, frames=1)
    amounts = [0] * rank + [w - a for w, a in zip(wide, apart, strict=True)]
    x = _moved(m, "Pad", [x, m.constant("zeros", amounts)], wide, m.source)
    return _moved(m, "Reshape", [x], (1, channels, *spread), m.source)


def _flipped(m: Maker, value: Value, groups: int) -> str:
    """Weights [C, O/g, ...] of a transposed convolution as those [O, C/g, ...] of a plain one."""
    inputs, outputs, *window = value.shape
    per_group = inputs // groups
    grid = value.quantization
    real = value
    if grid is not None and grid.per_channel:
        scales, zeros = np.array(grid.scales), np.array(grid.zero_points)
        if grid.axis == 1:
            scales, zeros = np.tile(scales, groups), np.tile(zeros, groups)
        elif per_group == 1:
            scales, zeros = np.repeat(scales, outputs), np.repeat(zeros, outputs)
        else:
            # Scales of input channels have no place in a TFLite layer.
            real = Value(value.name, value.shape, "float32", value.real.astype(np.float32))
            grid = None
        if grid is not None:
            grid = Quantization(tuple(map(float, scales)), tuple(map(int, zeros)), 0)

    def arranged(array: Array) -> Array:
        parts = array.reshape(groups, per_group, outputs, *window)
        moved = np.swapaxes(parts, 1, 2).reshape(groups * outputs, per_group, *window)
        return np.ascontiguousarray(np.flip(moved, tuple(range(2, 2 + len(window)))))

    assert real.array is not None
    name = m.net.add_constant(f"{value.name}/flipped", arranged(real.array), grid)
    if value.file is not None and grid is not None:
        m.net.values[name].file = arranged(value.file)
    return name


_FORMS = {
    "AveragePool": _volume_pool,
    "Conv": _volume_convolution,
    "ConvTranspose": _transposed_convolution,
    "MaxPool": _volume_pool,
}

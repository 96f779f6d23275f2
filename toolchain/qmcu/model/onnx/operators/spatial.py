"""Pools, resizing, and depth that becomes space: operators on images."""

from collections.abc import Callable

import numpy as np

from qmcu.model.graph import Quantization
from qmcu.model.onnx.emit import Emitter
from qmcu.model.onnx.net import Net, Node
from qmcu.model.onnx.operators.handler import Handler, image_result, images, place_image
from qmcu.model.onnx.operators.windows import NONE, Pads, file_pads, padded, pair, tflite_padding
from qmcu.types import Float64Array, Shape


def _pool(kind: str) -> Handler:
    def handle(e: Emitter, node: Node) -> None:
        if len([o for o in node.outputs if o]) > 1:
            raise e.net.fail(node, "gives indices too", "use only its values")
        if any(d != 1 for d in node.integers("dilations")):
            raise e.net.fail(node, "is dilated, which TFLite's pools are not", "use dilation 1")
        source = images(e, node)
        window = pair(node.integers("kernel_shape"), 1)
        strides = pair(node.integers("strides"), 1)
        sizes = e.shape(source)[1:3]
        out = e.net.values[node.outputs[0]].shape[2:]
        two = out if len(out) == 2 else (1, out[0])
        pads = file_pads(node, window, sizes, two, strides)
        padding, rest = tflite_padding(pads, window, sizes, strides)
        shares: Float64Array | None = None
        if kind == "AVERAGE_POOL_2D":
            padding, rest, shares = _average(node, pads, padding, rest, window, strides, sizes, two)
            source = padded(e, node, source, rest)
            if padding == "VALID" and shares is None and _finer(e, node, source):
                _summed(e, node, source, window, strides)
                return
        else:
            source = padded(e, node, source, rest, _least(e, node))
        result, _ = image_result(e, node, e.grid(source))
        target = result if shares is None else e.like(result, f"{node.label}/sums", e.shape(result))
        e.add(
            kind, [source], [target], padding=padding, stride_h=strides[0], stride_w=strides[1],
            filter_height=window[0], filter_width=window[1], fused_activation_function="NONE",
        )  # fmt: skip
        if shares is not None:
            _share(e, node, target, result, shares)
        place_image(e, node, result)

    return handle


def _least(e: Emitter, node: Node) -> str:
    """The padding that no maximum is: the type's least number, zero for what is never negative.

    Else the edge again, which the window that reaches beyond it holds anyway.
    """
    if e.integer:
        return "PADV2"
    return "PAD" if _never_negative(e.net, node.inputs[0]) else "MIRROR_PAD"


def _never_negative(net: Net, name: str) -> bool:
    producer = net.producers().get(name)
    if producer is None:
        return False
    if producer.kind in ("Concat", "MaxPool", "AveragePool", "Identity"):
        return all(_never_negative(net, i) for i in producer.inputs)
    made = str(producer.attributes.get("activation", producer.kind))
    return made in ("RELU", "RELU6", "Relu", "Sigmoid", "Softmax")


def _average(
    node: Node, pads: Pads, padding: str, rest: Pads, window: Shape, strides: Shape, sizes: Shape,
    out: Shape,
) -> tuple[str, Pads, Float64Array | None]:  # fmt: skip
    """Padding of an average: counted with, left out as SAME does, or left out by factors.

    What ceil_mode lets a window reach beyond the file's padding counts for nobody.
    """
    counted = bool(node.integer("count_include_pad"))
    if pads == NONE or (padding == "SAME" and not counted):
        return padding, rest, None
    given = node.integers("pads") or (0,) * 4
    ends = (given[-1], given[-1]) if len(given) == 2 else given[-2:]
    if node.text("auto_pad", "NOTSET").startswith("SAME"):
        ends = (pads[0][1], pads[1][1])
    counts = []
    for i in range(2):
        first = -pads[i][0] if counted else 0
        behind = sizes[i] + (min(ends[i], pads[i][1]) if counted else 0)
        starts = np.arange(out[i]) * strides[i] - pads[i][0]
        counts.append(np.minimum(starts + window[i], behind) - np.maximum(starts, first))
    shares = window[0] * window[1] / np.outer(*counts)
    return "VALID", pads, None if np.all(shares == 1) else shares.astype(np.float64)


def _finer(e: Emitter, node: Node, source: int) -> bool:
    """Whether the file gives an average steps of its own, which a pool of TFLite cannot."""
    value = e.net.values[node.outputs[0]]
    return e.integer and e.grid(source) != (value.dtype, value.quantization)


def _summed(e: Emitter, node: Node, source: int, window: Shape, strides: Shape) -> None:
    """An average as a depthwise convolution with weights of 1: it rounds once, to its own steps."""
    dtype, grid = e.grid(source)
    assert grid is not None
    channels = e.shape(source)[3]
    scale = float(np.float32(1 / (window[0] * window[1])))
    ones = np.ones((1, *window, channels), np.int8)
    weights = e.constant(f"{node.outputs[0]}/ones", ones, Quantization((scale,), (0,)))
    product = float(np.float32(grid.scale) * np.float32(scale))
    zeros = np.zeros(channels, np.int64 if dtype == "int16" else np.int32)
    bias = e.constant(f"{node.outputs[0]}/bias", zeros, Quantization((product,), (0,)))
    result, _ = image_result(e, node)
    e.add(
        "DEPTHWISE_CONV_2D", [source, weights, bias], [result], padding="VALID",
        stride_h=strides[0], stride_w=strides[1], dilation_h_factor=1, dilation_w_factor=1,
        depth_multiplier=1, fused_activation_function="NONE",
    )  # fmt: skip
    place_image(e, node, result)


def _share(e: Emitter, node: Node, source: int, result: int, shares: Float64Array) -> None:
    """Averages over whole windows times what makes them averages over the image's part."""
    constant = shares.astype(np.float32).reshape(1, *shares.shape, 1)
    name = e.net.add_constant(f"{node.outputs[0]}/shares", constant)
    factors = e.constant_value(e.net.values[name], (0, 1, 2, 3))
    e.add("MUL", [source, factors], [result], fused_activation_function="NONE")


def resize(e: Emitter, node: Node) -> None:
    """Resize and Upsample of height and width, where TFLite has the same positions."""
    value, out = e.net.values[node.inputs[0]], e.net.values[node.outputs[0]]
    if len(value.shape) not in (3, 4) or value.shape[:2] != out.shape[:2]:
        raise e.net.fail(node, "resizes other axes than height and width", "resize those alone")
    mode = node.text("mode", "nearest")
    if mode not in ("nearest", "linear") or node.integer("antialias"):
        raise e.net.fail(node, f"is {mode}, which TFLite lacks", "use nearest or linear")
    pairs = list(zip(value.shape[2:], out.shape[2:], strict=True))
    own = [_positions(e, node, axis, *sizes) for axis, sizes in enumerate(pairs)]
    for align, half in ((False, False), (False, True), (True, False)):
        theirs = [_tflite_positions(mode, align, half, *sizes) for sizes in pairs]
        if all(np.allclose(a, b, atol=1e-6) for a, b in zip(own, theirs, strict=True)):
            break
    else:
        raise e.net.fail(
            node,
            f"takes {node.text('coordinate_transformation_mode', 'half_pixel')} positions that "
            "TFLite has no option for",
            "use asymmetric with floor, half_pixel with linear, or a whole factor",
        )
    source = images(e, node)
    result, _ = image_result(e, node, e.grid(source))
    size = e.integers(f"{node.outputs[0]}/size", e.shape(result)[1:3])
    kind = "RESIZE_BILINEAR" if mode == "linear" else "RESIZE_NEAREST_NEIGHBOR"
    e.add(kind, [source, size], [result], 3, align_corners=align, half_pixel_centers=half)
    place_image(e, node, result)


def _positions(e: Emitter, node: Node, axis: int, size: int, out: int) -> Float64Array:
    """Where ONNX looks for each number of a resized axis: an index, or a position between two."""
    old = node.kind == "Upsample"
    transform = "asymmetric" if old else node.text("coordinate_transformation_mode", "half_pixel")
    scale = _scale(e, node, axis, size, out)
    i = np.arange(out, dtype=np.float64)
    found = {
        "asymmetric": i / scale,
        "align_corners": i * (size - 1) / max(out - 1, 1),
        "tf_half_pixel_for_nn": (i + 0.5) / scale,
        "pytorch_half_pixel": (i + 0.5) / scale - 0.5 if out > 1 else i * 0,
    }.get(transform, (i + 0.5) / scale - 0.5)
    if node.text("mode", "nearest") == "linear":
        return np.asarray(np.clip(found, 0, size - 1))
    rounding: dict[str, Callable[[Float64Array], Float64Array]] = {
        "floor": np.floor,
        "ceil": np.ceil,
        "round_prefer_ceil": lambda x: np.floor(x + 0.5),
    }
    how = "floor" if old else node.text("nearest_mode", "round_prefer_floor")
    rounded = rounding[how](found) if how in rounding else np.ceil(found - 0.5)
    return np.asarray(np.clip(rounded, 0, size - 1))


def _scale(e: Emitter, node: Node, axis: int, size: int, out: int) -> float:
    for position in (2, 1):
        scales = e.net.operand(node, position)
        if scales is not None and scales.array is not None and scales.array.dtype.kind == "f":
            count = scales.array.size
            if count > 2:
                return float(scales.array.reshape(-1)[axis + 2])
            if count:
                return float(scales.array.reshape(-1)[axis])
    return out / size


def _tflite_positions(mode: str, align: bool, half: bool, size: int, out: int) -> Float64Array:
    i = np.arange(out, dtype=np.float64)
    factor = (size - 1) / (out - 1) if align and out > 1 else size / out
    if mode == "linear":
        found = (i + 0.5) * factor - 0.5 if half else i * factor
        return np.asarray(np.clip(found, 0, size - 1))
    found = (i + 0.5 if half else i) * factor
    rounded = np.floor(found + 0.5) if align else np.floor(found)
    return np.asarray(np.clip(rounded, 0, size - 1))


def depth_to_space(e: Emitter, node: Node) -> None:
    """DepthToSpace; one that counts by columns and rows first (PixelShuffle) mixes channels."""
    source = images(e, node)
    block = node.integer("blocksize", 1)
    if node.text("mode", "DCR") == "CRD":
        depth = e.shape(source)[3]
        order = np.arange(depth).reshape(-1, block * block).T.reshape(-1)
        mixed = e.like(source, f"{node.outputs[0]}/mixed", e.shape(source))
        indices = e.integers(f"{node.outputs[0]}/order", [int(i) for i in order])
        e.add("GATHER", [source, indices], [mixed], axis=3, batch_dims=0)
        e.moves.append(f"GATHER of {node.inputs[0]} (PixelShuffle's order of channels)")
        source = mixed
    result, _ = image_result(e, node, e.grid(source))
    e.add("DEPTH_TO_SPACE", [source], [result], block_size=block)


def space_to_depth(e: Emitter, node: Node) -> None:
    """SpaceToDepth, which counts as TFLite's does."""
    source = images(e, node)
    result, _ = image_result(e, node, e.grid(source))
    e.add("SPACE_TO_DEPTH", [source], [result], block_size=node.integer("blocksize", 1))


HANDLERS: dict[str, Handler] = {
    "AveragePool": _pool("AVERAGE_POOL_2D"),
    "DepthToSpace": depth_to_space,
    "MaxPool": _pool("MAX_POOL_2D"),
    "Resize": resize,
    "SpaceToDepth": space_to_depth,
    "Upsample": resize,
}

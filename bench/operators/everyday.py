"""Random graphs as trained models have them: the cases that the native kernels are made for.

Shapes stay awkward (odd channels and widths, strides, dilations, batches, one filter), scales do
not: requantization multipliers from the smallest that can be told from 0 up to just below 1/2. But
activation limits may lie inside int8, and single channels of weights be what training leaves: dead,
steeper than 1/2, or with a bias that nothing moves.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from bench.operators.convolutions import _image, _pair, _windowed
from bench.operators.single import SingleOperator, chance, float32, log_uniform, pick, zero_point

from qmcu.model.graph import Graph, OptionValue, Quantization

Rng = np.random.Generator


def conv_2d(rng: Rng) -> Graph:
    """Without groups."""
    depth, filters = int(rng.integers(1, 21)), int(rng.integers(1, 13))
    kernel, stride = _pair(rng, 1, 5), _pair(rng, 1, 4)
    dilation = _pair(rng, 1, 4) if chance(rng, 0.3) else (1, 1)
    if chance(rng, 0.3):
        kernel, stride, dilation = (1, 1), (1, 1), (1, 1)
        filters = int(pick(rng, filters, filters, rng.integers(depth, 4 * depth + 1)))
    elif chance(rng, 0.5):
        depth = int(rng.integers(1, 65))
        kernel, stride, dilation = (3, 3), (1, 1), (1, 1)
    if chance(rng, 0.2):
        filters = int(rng.integers(1, depth + 1))
    padding = str(pick(rng, "SAME", "VALID"))
    size = _image(rng, padding, kernel, dilation)
    if chance(rng, 0.03):
        # As large as layers for which transformed weights are taken.
        depth, filters = (int(n) for n in rng.integers(8, 25, 2))
        kernel, stride, dilation = (3, 3), (1, 1), (1, 1)
        size = (int(rng.integers(16, 33)), int(rng.integers(16, 33)))
    output = _windowed(size, kernel, stride, dilation, padding)
    return _windows(rng, "CONV_2D", (depth, size), (filters, output), kernel, stride, dilation,
                    padding)  # fmt: skip


def depthwise_conv_2d(rng: Rng) -> Graph:
    """Mostly 3x3, depth multiplier 1 and no dilation."""
    depth = 4 * int(rng.integers(1, 9)) if chance(rng, 0.9) else int(rng.integers(1, 20))
    kernel = (3, 3) if chance(rng, 0.6) else _pair(rng, 1, 6)
    step = int(rng.integers(1, 3))
    stride = (step, step) if chance(rng, 0.6) else _pair(rng, 1, 4)
    dilation = _pair(rng, 1, 4) if chance(rng, 0.06) else (1, 1)
    filters = depth * int(rng.integers(2, 5)) if chance(rng, 0.05) else depth
    padding = str(pick(rng, "SAME", "VALID"))
    size = _image(rng, padding, kernel, dilation)
    output = _windowed(size, kernel, stride, dilation, padding)
    return _windows(rng, "DEPTHWISE_CONV_2D", (depth, size), (filters, output), kernel, stride,
                    dilation, padding)  # fmt: skip


def fully_connected(rng: Rng) -> Graph:
    """Any sizes and batches."""
    batches, inputs, outputs = (int(rng.integers(1, n)) for n in (4, 70, 40))
    source = Quantization((log_uniform(rng, 1e-3, 1.0),), (zero_point(rng),))
    operator = SingleOperator("FULLY_CONNECTED")
    operator.input((batches, inputs), source)
    target = _weights(rng, operator, source, (outputs, inputs), 0)
    options: dict[str, OptionValue] = {
        "fused_activation_function": _activation(rng),
        "weights_format": "DEFAULT",
        "keep_num_dims": False,
        "asymmetric_quantize_inputs": False,
    }
    return operator.graph(((batches, outputs), target), options=options)


def add(rng: Rng) -> Graph:
    """Two inputs of one shape; often of equal scales."""
    shape = tuple(int(n) for n in rng.integers(1, 9, 3))
    scales = [log_uniform(rng, 1e-3, 1.0)]
    scales.append(scales[0] if chance(rng, 0.3) else float32(scales[0] * rng.uniform(0.05, 20)))
    operator = SingleOperator("ADD")
    for scale in scales:
        operator.input(shape, Quantization((scale,), (zero_point(rng),)))
    scale = float32(max(scales) * rng.uniform(0.5, 3))
    target = Quantization((scale,), (zero_point(rng),))
    options: dict[str, OptionValue] = {
        "fused_activation_function": _activation(rng),
        "pot_scale_int16": False,
    }
    return operator.graph((shape, target), options=options)


def average_pool_2d(rng: Rng) -> Graph:
    """Channels in fours."""
    depth, kernel, stride = 4 * int(rng.integers(1, 9)), _pair(rng, 1, 9), _pair(rng, 1, 4)
    padding = str(pick(rng, "SAME", "VALID"))
    size = _image(rng, padding, kernel, (1, 1))
    if chance(rng, 0.4):
        kernel, padding = size, "VALID"
    output = _windowed(size, kernel, stride, (1, 1), padding)
    batches = int(pick(rng, 1, 1, 2))
    quantization = Quantization((log_uniform(rng, 1e-3, 1.0),), (zero_point(rng),))
    operator = SingleOperator("AVERAGE_POOL_2D")
    operator.input((batches, *size, depth), quantization)
    options: dict[str, OptionValue] = {
        "padding": padding,
        "stride_h": stride[0],
        "stride_w": stride[1],
        "filter_height": kernel[0],
        "filter_width": kernel[1],
        "fused_activation_function": _activation(rng),
    }
    return operator.graph(((batches, *output, depth), quantization), options=options)


def batch_matmul(rng: Rng) -> Graph:
    """Heads of attention: queries times keys, or their weights times values; adjoint or not."""
    batches = tuple(int(n) for n in rng.integers(1, 4, int(rng.integers(0, 3))))
    rows, depth, columns = (int(n) for n in rng.integers(1, (30, 70, 30)))
    adjoint = chance(rng, 0.3), chance(rng, 0.5)
    sides = [(rows, depth), (depth, columns)]
    operator = SingleOperator("BATCH_MATMUL")
    scales = []
    for side, turned in zip(sides, adjoint, strict=True):
        scales.append(log_uniform(rng, 1e-3, 1.0))
        shape = side[::-1] if turned else side
        operator.input((*batches, *shape), Quantization((scales[-1],), (zero_point(rng),)))
    scale = float32(scales[0] * scales[1] * log_uniform(rng, 4, 400) * depth**0.5)
    options: dict[str, OptionValue] = {
        "adj_x": adjoint[0],
        "adj_y": adjoint[1],
        "asymmetric_quantize_inputs": False,
    }
    target = Quantization((scale,), (zero_point(rng),))
    return operator.graph(((*batches, rows, columns), target), options=options, version=4)


def softmax(rng: Rng) -> Graph:
    """Weights of attention: many rows, differences from a few bytes to all."""
    shape = tuple(int(n) for n in rng.integers(1, (4, 30, 70)))
    operator = SingleOperator("SOFTMAX")
    operator.input(shape, Quantization((log_uniform(rng, 0.003, 2.0),), (zero_point(rng),)))
    target = Quantization((1 / 256,), (-128,))
    return operator.graph((shape, target), options={"beta": 1.0})


def transpose_conv(rng: Rng) -> Graph:
    """Strides that the window covers, as of decoders."""
    depth, filters = int(rng.integers(1, 33)), int(rng.integers(1, 17))
    stride = _pair(rng, 1, 4)
    kernel = stride[0] + int(rng.integers(0, 4)), stride[1] + int(rng.integers(0, 4))
    padding = str(pick(rng, "SAME", "SAME", "VALID"))
    height, width = _image(rng, padding, kernel, (1, 1))
    output = max(height, stride[0]), max(width, stride[1])
    size = _windowed(output, kernel, stride, (1, 1), padding)
    batches = int(pick(rng, 1, 1, 1, 2))
    source = Quantization((log_uniform(rng, 1e-3, 1.0),), (zero_point(rng),))
    shape = (batches, *output, filters)
    operator = SingleOperator("TRANSPOSE_CONV")
    operator.constant("output_shape", np.array(shape, np.int32))
    operator.input((batches, *size, depth), source)
    target = _weights(rng, operator, source, (filters, *kernel, depth), 0)
    options: dict[str, OptionValue] = {
        "padding": padding,
        "stride_h": stride[0],
        "stride_w": stride[1],
        "fused_activation_function": _activation(rng),
    }
    graph = operator.graph((shape, target), options=options, version=4)
    (made,) = graph.operators
    stated, image, *rest = made.inputs
    inputs = (stated, rest[0], image, *rest[1:])
    return replace(graph, operators=(replace(made, inputs=inputs),))


EVERYDAY: dict[str, Callable[[Rng], Graph]] = {
    "ADD": add,
    "AVERAGE_POOL_2D": average_pool_2d,
    "BATCH_MATMUL": batch_matmul,
    "CONV_2D": conv_2d,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d,
    "FULLY_CONNECTED": fully_connected,
    "SOFTMAX": softmax,
    "TRANSPOSE_CONV": transpose_conv,
}


def grouped_convolution(rng: Rng) -> Graph:
    """CONV_2D with 2 to 12 groups of few to many channels."""
    groups, filters = int(rng.integers(2, 13)), int(rng.integers(1, 9))
    depth = int(pick(rng, 1, 2, 3, 4, 5, 8, 16, 17))
    kernel, stride = _pair(rng, 1, 4), _pair(rng, 1, 3)
    dilation = _pair(rng, 1, 3) if stride == (1, 1) and chance(rng, 0.3) else (1, 1)
    padding = str(pick(rng, "SAME", "VALID"))
    size = _image(rng, padding, kernel, dilation)
    output = _windowed(size, kernel, stride, dilation, padding)
    image, result = (groups * depth, size), (groups * filters, output)
    return _windows(rng, "CONV_2D", image, result, kernel, stride, dilation, padding, groups=groups)


def grown_image(rng: Rng, dtype: str = "int8") -> Graph:
    """RESIZE_BILINEAR to twice or four times the size along each axis, of few to many channels."""
    height, width, depth = (int(n) for n in rng.integers(1, (9, 9, 20)))
    size = height * int(pick(rng, 1, 2, 2, 4)), width * int(pick(rng, 1, 2, 2, 4))
    source = Quantization((log_uniform(rng, 1e-3, 1.0),), (zero_point(rng),))
    same = source if dtype == "int8" else replace(source, zero_points=(0,))
    operator = SingleOperator("RESIZE_BILINEAR")
    batches = int(pick(rng, 1, 1, 2))
    operator.input((batches, height, width, depth), same, dtype)
    operator.constant("size", np.array(size, np.int32))
    corners, centers = pick(rng, (False, False), (True, False), (False, True), (False, True))
    options: dict[str, OptionValue] = {"align_corners": corners, "half_pixel_centers": centers}
    shape = (batches, *size, depth)
    return operator.graph((shape, same), options=options, version=3, dtype=dtype)


def in_int16(graph: Graph) -> Graph:
    """The products of a layer of int8 with activations of int16, the same numbers in finer steps.

    A bias becomes one of int64. Limits of an activation, dead channels and steep ones stay.
    """
    tensors = list(graph.tensors)
    for tensor in graph.tensors:
        grid = tensor.quantization
        if tensor.name == "weights" or grid is None:
            continue
        scales = tuple(float32(scale / 256) for scale in grid.scales)
        finer = replace(grid, scales=scales, zero_points=(0,) * len(scales))
        data, dtype = tensor.data, "int16"
        if data is not None:
            data, dtype = (tensor.array.astype(np.int64) * 256).tobytes(), "int64"
        tensors[tensor.index] = replace(tensor, dtype=dtype, quantization=finer, data=data)
    return replace(graph, tensors=tuple(tensors))


def column_convolution(rng: Rng) -> Graph:
    """CONV_2D of windows one column wide and few channels, as of sensors side by side over time."""
    depth, filters = int(pick(rng, 1, 1, 1, 2, 3, 5, 6)), int(rng.integers(1, 20))
    kernel, stride = (int(rng.integers(2, 17)), 1), _pair(rng, 1, 4)
    padding = str(pick(rng, "SAME", "VALID"))
    height, width = _image(rng, padding, kernel, (1, 1))
    size = height + int(rng.integers(0, 20)), width
    output = _windowed(size, kernel, stride, (1, 1), padding)
    image, result = (depth, size), (filters, output)
    return _windows(rng, "CONV_2D", image, result, kernel, stride, (1, 1), padding)


def tiled_convolution(rng: Rng) -> Graph:
    """CONV_2D of 3x3 at stride 1, of 4 channels and more, from one tile of 4x4 outputs to many."""
    depth = int(rng.integers(4, 65)) if chance(rng, 0.5) else int(pick(rng, 4, 8, 12, 16, 24, 32))
    filters = depth if chance(rng, 0.3) else int(rng.integers(1, 25))
    padding, kernel = str(pick(rng, "SAME", "SAME", "VALID")), (3, 3)
    height, width = _image(rng, padding, kernel, (1, 1))
    size = height + int(rng.integers(0, 9)), width + int(rng.integers(0, 9))
    output = _windowed(size, kernel, (1, 1), (1, 1), padding)
    image, result = (depth, size), (filters, output)
    return _windows(rng, "CONV_2D", image, result, kernel, (1, 1), (1, 1), padding)


def multiplied_depthwise(rng: Rng) -> Graph:
    """DEPTHWISE_CONV_2D of several filters a channel, or of channels that are not in fours."""
    depth, multiplier = int(rng.integers(1, 14)), int(pick(rng, 1, 2, 2, 2, 3, 4, 4, 5, 6, 8))
    kernel = (3, 3) if chance(rng, 0.5) else _pair(rng, 1, 6)
    stride = _pair(rng, 1, 4)
    dilation = _pair(rng, 1, 4) if chance(rng, 0.2) else (1, 1)
    padding = str(pick(rng, "SAME", "VALID"))
    size = _image(rng, padding, kernel, dilation)
    output = _windowed(size, kernel, stride, dilation, padding)
    image, result = (depth, size), (depth * multiplier, output)
    return _windows(rng, "DEPTHWISE_CONV_2D", image, result, kernel, stride, dilation, padding)


def odd_depthwise(rng: Rng) -> Graph:
    """DEPTHWISE_CONV_2D, filter for channel, of channels that are not in fours."""
    depth = 4 * int(rng.integers(0, 9)) + int(rng.integers(1, 4))
    kernel, stride = _pair(rng, 1, 6), _pair(rng, 1, 3)
    padding = str(pick(rng, "SAME", "VALID"))
    size = _image(rng, padding, kernel, (1, 1))
    output = _windowed(size, kernel, stride, (1, 1), padding)
    image, result = (depth, size), (depth, output)
    return _windows(rng, "DEPTHWISE_CONV_2D", image, result, kernel, stride, (1, 1), padding)


def _windows(
    rng: Rng,
    kind: str,
    image: tuple[int, tuple[int, int]],
    result: tuple[int, tuple[int, int]],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    padding: str,
    source: Quantization | None = None,
    groups: int = 1,
) -> Graph:
    """A convolution of `image` to `result`, each (channels, (height, width)).

    Of one image if its quantization is given.
    """
    (depth, size), (filters, output) = image, result
    batches = 1
    if source is None:
        batches = int(pick(rng, 1, 1, 1, 2))
        source = Quantization((log_uniform(rng, 1e-3, 1.0),), (zero_point(rng),))
    operator = SingleOperator(kind)
    operator.input((batches, *size, depth), source)
    depthwise = kind == "DEPTHWISE_CONV_2D"
    shape = (1, *kernel, filters) if depthwise else (filters, *kernel, depth // groups)
    target = _weights(rng, operator, source, shape, 3 if depthwise else 0)
    options: dict[str, int | str] = {
        "padding": padding,
        "stride_h": stride[0],
        "stride_w": stride[1],
        "dilation_h_factor": dilation[0],
        "dilation_w_factor": dilation[1],
        "fused_activation_function": _activation(rng),
    }
    if depthwise:
        options["depth_multiplier"] = filters // depth
    return operator.graph(((batches, *output, filters), target), options=options)


def _weights(
    rng: Rng, operator: SingleOperator, source: Quantization, shape: tuple[int, ...], axis: int
) -> Quantization:
    """Adds weights and bias; the quantization of an output that they mostly fill."""
    steep = chance(rng, 0.15)
    values = rng.integers(-2, 3, shape) if steep else rng.integers(-127, 128, shape)
    weights: npt.NDArray[np.int8] = values.astype(np.int8)
    if chance(rng, 0.1):
        weights[...] = pick(rng, -128, 127)
    count = shape[axis] if chance(rng, 0.7) else 1
    scales = tuple(log_uniform(rng, 1e-3, 1e-1) for _ in range(count))
    spread = (1 if steep else 70) * 70 * np.sqrt(weights.size / shape[axis])
    bias = rng.integers(-int(spread), int(spread) + 1, shape[axis]).astype(np.int32)
    largest = source.scale * max(scales)
    if count > 1 and chance(rng, 0.4):
        scales = tuple(_leave(rng, s, weights, bias, c, axis) for c, s in enumerate(scales))
    operator.constant("weights", weights, Quantization(scales, (0,) * count, axis))
    bias_scales = tuple(float32(source.scale * scale) for scale in scales)
    if chance(rng, 0.8):
        operator.constant("bias", bias, Quantization(bias_scales, (0,) * count))
    if steep:
        # Multipliers up to just below 1/2, and powers of two.
        factor = float(pick(rng, 2.00001, 2.05, 4.0, 8.0, rng.uniform(2.00001, 4)))
    elif chance(rng, 0.1):
        factor = spread / 60 * log_uniform(rng, 4, 1e3)
    else:
        factor = max(2.05, spread / 60) * rng.uniform(1, 4)
    return Quantization((float32(largest * factor),), (zero_point(rng),))


def _activation(rng: Rng) -> str:
    """Mostly none; a RELU's lower limit lies inside int8 wherever the zero point does."""
    return str(pick(rng, "NONE", "NONE", "NONE", "RELU", "RELU6", "RELU_N1_TO_1"))


def _leave(
    rng: Rng, scale: float, weights: npt.NDArray[np.int8], bias: npt.NDArray[np.int32],
    channel: int, axis: int,
) -> float:  # fmt: skip
    """The scale of a channel, one in three made what training leaves of some; changes the rest."""
    if chance(rng, 2 / 3):
        return scale
    own = np.moveaxis(weights, axis, 0)[channel]
    match int(rng.integers(6)):
        case 0:  # nothing moves it
            own[...] = 0
            return float32(scale * 2.0 ** -int(rng.integers(10, 40)))
        case 1:  # saturated, sums up to 2^31
            bias[channel] = pick(rng, -1, 1) * int(rng.integers(1 << 22, (1 << 31) - 1))
            return float32(scale * 2.0 ** -int(rng.integers(0, 24)))
        case 2:  # a multiplier of 0
            return float32(scale * 2.0**-60)
        case 3:  # so flat that it takes two or three values
            return float32(scale * 2.0 ** -int(rng.integers(4, 24)))
        case _:  # steeper than one step of the output
            own[...] = rng.integers(-2, 3, own.shape)
            bias[channel] = int(rng.integers(-40, 41))
            return float32(scale * rng.uniform(20, 2000))

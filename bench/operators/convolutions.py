"""Random CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV and FULLY_CONNECTED graphs."""

from dataclasses import replace
from math import prod

import numpy as np
import numpy.typing as npt
from bench.operators.single import (
    SingleOperator,
    chance,
    float32,
    fused_activation,
    log_uniform,
    pick,
    quantization,
    zero_point,
)

from qmcu.model.graph import Graph, OptionValue, Quantization

Rng = np.random.Generator
Pair = tuple[int, int]
Weights = npt.NDArray[np.int8]


def conv_2d(rng: Rng, dtype: str = "int8") -> Graph:
    """Any groups, strides, dilations and paddings, also 1x1 windows, with and without bias."""
    groups = int(pick(rng, 1, 1, 1, 2, 3))
    group_depth, filters = int(rng.integers(1, 9)), int(rng.integers(1, 6))
    kernel, stride, dilation = _pair(rng, 1, 6), _pair(rng, 1, 5), _dilation(rng)
    if chance(rng, 0.2):
        kernel, stride, dilation = (1, 1), (1, 1), (1, 1)
    padding = str(pick(rng, "SAME", "VALID"))
    size = _image(rng, padding, kernel, dilation)
    output = _windowed(size, kernel, stride, dilation, padding)
    batches = int(pick(rng, 1, 1, 2, 3))
    source = quantization(rng, dtype=dtype)
    values = _weights(rng, (groups * filters, *kernel, group_depth), 0)
    scales = _weights_quantization(rng, values, 0)
    operator = SingleOperator("CONV_2D")
    operator.input((batches, *size, groups * group_depth), source, dtype)
    operator.constant("weights", values, scales)
    target = _bias_and_target(rng, operator, source, scales, values, 0)
    options = _options(rng, padding, stride, dilation) | _bias_type(rng, operator)
    return operator.graph(
        ((batches, *output, groups * filters), target), options=options, dtype=dtype
    )


def depthwise_conv_2d(rng: Rng, dtype: str = "int8") -> Graph:
    """Any depth multiplier, strides, dilations and paddings, with and without bias."""
    depth, multiplier = int(rng.integers(1, 11)), int(pick(rng, 1, 1, 2, 3, 5))
    kernel, stride, dilation = _pair(rng, 1, 6), _pair(rng, 1, 5), _dilation(rng)
    padding = str(pick(rng, "SAME", "VALID"))
    size = _image(rng, padding, kernel, dilation)
    output = _windowed(size, kernel, stride, dilation, padding)
    batches = int(pick(rng, 1, 1, 2, 3))
    source = quantization(rng, dtype=dtype)
    values = _weights(rng, (1, *kernel, depth * multiplier), 3)
    scales = _weights_quantization(rng, values, 3)
    operator = SingleOperator("DEPTHWISE_CONV_2D")
    operator.input((batches, *size, depth), source, dtype)
    operator.constant("weights", values, scales)
    target = _bias_and_target(rng, operator, source, scales, values, 3)
    options = _options(rng, padding, stride, dilation) | {"depth_multiplier": multiplier}
    return operator.graph(
        ((batches, *output, depth * multiplier), target), options=options, dtype=dtype
    )


def transpose_conv(rng: Rng, dtype: str = "int8") -> Graph:
    """Strides larger and smaller than the window, both paddings, with and without bias."""
    depth, filters = int(rng.integers(1, 9)), int(rng.integers(1, 6))
    kernel, stride = _pair(rng, 1, 6), _pair(rng, 1, 5)
    padding = str(pick(rng, "SAME", "VALID"))
    output = _image(rng, padding, kernel, (1, 1))
    size = _windowed(output, kernel, stride, (1, 1), padding)
    batches = int(pick(rng, 1, 1, 2, 3))
    source = quantization(rng, dtype=dtype)
    values = _weights(rng, (filters, *kernel, depth), 0)
    scales = _weights_quantization(rng, values, 0)
    shape = (batches, *output, filters)
    operator = SingleOperator("TRANSPOSE_CONV")
    if dtype == "int16" and chance(rng, 0.2):
        # Computed: the interpreter does not look at it.
        operator.input((4,), None, "int32")
    else:
        operator.constant("output_shape", np.array(shape, np.int32))
    operator.constant("weights", values, scales)
    operator.input((batches, *size, depth), source, dtype)
    target = _bias_and_target(rng, operator, source, scales, values, 0)
    options: dict[str, OptionValue] = {
        "padding": padding,
        "stride_h": stride[0],
        "stride_w": stride[1],
        "fused_activation_function": fused_activation(rng),
    }
    return operator.graph((shape, target), options=options, version=4, dtype=dtype)


def fully_connected(rng: Rng, dtype: str = "int8") -> Graph:
    """Per tensor and per channel, any input rank, keep_num_dims, with and without bias."""
    outputs = int(rng.integers(1, 20))
    batches = tuple(int(d) for d in rng.integers(1, 4, size=int(rng.integers(1, 4))))
    keep = chance(rng, 0.5)
    inner = int(rng.integers(1, 70))
    shape: tuple[int, ...] = (*batches, inner)
    # Without keep_num_dims, the last dimensions may flatten into one row of the weights.
    flatten = int(rng.integers(1, len(shape))) if not keep else len(shape) - 1
    columns = prod(shape[flatten:])
    source = quantization(rng, dtype=dtype)
    values = _weights(rng, (outputs, columns), 0)
    scales = _weights_quantization(rng, values, 0)
    if not scales.per_channel and chance(rng, 0.3):
        scales = replace(scales, zero_points=(zero_point(rng),))
    operator = SingleOperator("FULLY_CONNECTED")
    operator.input(shape, source, dtype)
    if dtype == "int8" and not scales.per_channel and chance(rng, 0.15):
        operator.input((outputs, columns), scales)
    else:
        operator.constant("weights", values, scales)
    target = _bias_and_target(rng, operator, source, scales, values, 0)
    rows = prod(shape[:flatten])
    result = (*shape[:-1], outputs) if keep else (rows, outputs)
    options: dict[str, OptionValue] = {
        "fused_activation_function": fused_activation(rng),
        "weights_format": "DEFAULT",
        "keep_num_dims": keep,
        "asymmetric_quantize_inputs": False,
    }
    options |= _bias_type(rng, operator)
    return operator.graph((result, target), options=options, version=5, dtype=dtype)


def _pair(rng: Rng, low: int, end: int) -> Pair:
    return int(rng.integers(low, end)), int(rng.integers(low, end))


def _dilation(rng: Rng) -> Pair:
    return _pair(rng, 1, 4) if chance(rng, 0.5) else (1, 1)


def _image(rng: Rng, padding: str, kernel: Pair, dilation: Pair) -> Pair:
    """A height and width; with VALID padding at least the extent of the window."""

    def size(extent: int) -> int:
        low = extent if padding == "VALID" else 1
        return low if chance(rng, 0.15) else low + int(rng.integers(0, 9))

    extents = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    return size(extents[0]), size(extents[1])


def _windowed(size: Pair, kernel: Pair, stride: Pair, dilation: Pair, padding: str) -> Pair:
    def along(i: int) -> int:
        extent = (kernel[i] - 1) * dilation[i] + 1
        covered = size[i] if padding == "SAME" else size[i] - extent + 1
        return -(-covered // stride[i])

    return along(0), along(1)


def _options(rng: Rng, padding: str, stride: Pair, dilation: Pair) -> dict[str, OptionValue]:
    return {
        "padding": padding,
        "stride_h": stride[0],
        "stride_w": stride[1],
        "dilation_h_factor": dilation[0],
        "dilation_w_factor": dilation[1],
        "fused_activation_function": fused_activation(rng),
    }


def _weights(rng: Rng, shape: tuple[int, ...], axis: int) -> Weights:
    """Full range, -128 included; sometimes all extreme, sometimes a channel of zeros."""
    low, high = pick(rng, (-128, 128), (-127, 128), (-8, 9))
    values = rng.integers(low, high, size=shape).astype(np.int8)
    if chance(rng, 0.1):
        values = np.where(values < 0, -128, 127).astype(np.int8)
    if chance(rng, 0.1):
        values = np.full(shape, pick(rng, -128, 127), np.int8)
    if chance(rng, 0.1):
        np.moveaxis(values, axis, 0)[0] = 0
    return values


def _weights_quantization(rng: Rng, weights: Weights, axis: int) -> Quantization:
    channels = weights.shape[axis]
    if chance(rng, 0.3):
        return Quantization((log_uniform(rng, 1e-4, 0.1),), (0,), axis)
    spread = pick(rng, 1.5, 1000.0)
    base = log_uniform(rng, 1e-4, 1e-2)
    scales = tuple(log_uniform(rng, base, base * spread) for _ in range(channels))
    return Quantization(scales, (0,) * channels, axis)


def _bias_and_target(
    rng: Rng,
    operator: SingleOperator,
    source: Quantization,
    scales: Quantization,
    weights: Weights,
    axis: int,
) -> Quantization:
    """Add the bias, if any, and choose the output's quantization for the accumulators' size."""
    if any(tensor.dtype == "int16" for tensor in operator.tensors):
        return _wide_bias_and_target(rng, operator, source, scales, weights, axis)
    channels = weights.shape[axis]
    terms = weights.size // channels
    typical = 128 * max(float(np.abs(weights).mean()), 1.0) * np.sqrt(terms)
    if chance(rng, 0.75):
        bias = rng.normal(0, typical, channels)
        if chance(rng, 0.1):
            bias *= 1000
        if chance(rng, 0.05):
            bias = rng.uniform(-(2**31) + 2**24, 2**31 - 2**24, channels)
        limit = 2**31 - 2**24
        values = np.clip(bias, -limit, limit).astype(np.int32)
        products = tuple(float32(source.scale * s) for s in scales.scales)
        operator.constant("bias", values, replace(scales, scales=products, axis=0))
    elif operator.kind == "FULLY_CONNECTED" and chance(rng, 0.5):
        operator.absent()
    real = source.scale * float(np.median(scales.scales)) * typical / 60
    # Mostly outputs that use the range; else saturated, nearly constant, or multipliers above 1.
    factor = pick(rng, 1.0, 1.0, 1.0, 1.0, 0.05, 20.0, 1e4, 0.5 / typical)
    factor = log_uniform(rng, factor * 0.3, factor * 3)
    scale = max(real * factor, 1e-7)
    if chance(rng, 0.1):
        # Sums on the ties of rounding, where the last bit of the multiplier is seen.
        product = float32(source.scale * scales.scales[0])
        scale = product * 2.0 ** round(np.log2(scale / product))
    return Quantization((float32(scale),), (zero_point(rng),))


# Of the bias of int16 layers.
_BIASES = {
    "CONV_2D": ("int64", "int64", "int32"),
    "FULLY_CONNECTED": ("int64", "int64", "int32"),
    "DEPTHWISE_CONV_2D": ("int64",),
    "TRANSPOSE_CONV": ("int64", "int64", "int16"),
}


def _bias_type(rng: Rng, operator: SingleOperator) -> dict[str, OptionValue]:
    """Sometimes, for an int16 layer without bias: the option that makes its sums 32 bits long."""
    names = [tensor.name for tensor in operator.tensors]
    if operator.tensors[0].dtype != "int16" or "bias" in names or chance(rng, 0.5):
        return {}
    return {"quantized_bias_type": "INT32"}


def _wide_bias_and_target(
    rng: Rng,
    operator: SingleOperator,
    source: Quantization,
    scales: Quantization,
    weights: Weights,
    axis: int,
) -> Quantization:
    """As `_bias_and_target`, for activations of int16."""
    channels = weights.shape[axis]
    typical = 2**14 * max(float(np.abs(weights).mean()), 1.0) * np.sqrt(weights.size // channels)
    if chance(rng, 0.75):
        dtype = str(pick(rng, *_BIASES[operator.kind]))
        info = np.iinfo(dtype)
        bias = rng.normal(0, typical * float(pick(rng, 1, 1, 1, 1000)), channels)
        if chance(rng, 0.1):
            bias = rng.uniform(-(2**46), 2**46, channels)
        values = np.clip(bias, max(info.min, -(2**46)), min(info.max, 2**46)).astype(dtype)
        products = tuple(float32(source.scale * s) for s in scales.scales)
        operator.constant("bias", values, replace(scales, scales=products, axis=0))
    elif operator.kind == "FULLY_CONNECTED" and chance(rng, 0.5):
        operator.absent()
    # Mostly outputs that use the range; else saturated, nearly constant, or multipliers above 1.
    factor = pick(rng, 1.0, 1.0, 1.0, 1.0, 0.05, 20.0, 1e4, 1e-6)
    median = float(np.median(scales.scales))
    scale = source.scale * median * typical / 2**14 * log_uniform(rng, factor * 0.3, factor * 3)
    if chance(rng, 0.1):
        # Sums on the ties of rounding, where the last bit of the multiplier is seen.
        product = float32(source.scale * scales.scales[0])
        scale = product * 2.0 ** round(np.log2(scale / product))
    # The interpreter's shifts are possible up to 2^14; its own checks end at 2^7.
    most = pick(rng, 100, 100, 16000)
    return Quantization(
        (float32(max(scale, source.scale * max(scales.scales) / most, 1e-8)),), (0,)
    )

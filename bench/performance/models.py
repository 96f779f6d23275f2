"""A MobileNet v1 0.25 for 96x96x3 images: the shapes of visual wake words, random weights.

Instructions do not depend on the weights' values, so a seeded model measures what a trained one
would. Scales are chosen so that activations neither saturate nor vanish.
"""

from collections.abc import Mapping

import numpy as np

from qmcu.model.graph import Graph, Operator, OptionValue, Quantization, Tensor

# (stride of the depthwise convolution, output channels of the 1x1 one), width multiplier 0.25.
_BLOCKS = (
    (1, 16), (2, 32), (1, 32), (2, 64), (1, 64), (2, 128), (1, 128), (1, 128), (1, 128),
    (1, 128), (1, 128), (2, 256), (1, 256),
)  # fmt: skip
_CLASSES = 2
_RELU_SPREAD = 64.0  # standard deviation, in steps, that an output's scale is chosen for
_WEIGHT_SPREAD = 73.0  # of uniform int8


class _Builder:
    """Grows a chain of operators; the last tensor is the next one's input."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.tensors = [
            Tensor(0, "image", (1, 96, 96, 3), "int8", Quantization((1 / 255,), (-128,)))
        ]
        self.operators: list[Operator] = []
        self.last = 0
        self.spread = 147.0  # root mean square of the last tensor's steps above its zero point

    def add(self, tensor: Tensor) -> int:
        self.tensors.append(tensor)
        return tensor.index

    def constant(self, array: np.ndarray, quantization: Quantization) -> int:
        index = len(self.tensors)
        data = array.astype(array.dtype.newbyteorder("<")).tobytes()
        return self.add(
            Tensor(index, f"c{index}", array.shape, array.dtype.name, quantization, data)
        )

    def output(self, shape: tuple[int, ...], quantization: Quantization) -> int:
        index = len(self.tensors)
        return self.add(Tensor(index, f"t{index}", shape, "int8", quantization))

    def weighted(
        self,
        kind: str,
        shape: tuple[int, ...],
        axis: int,
        output: tuple[int, ...],
        options: Mapping[str, OptionValue],
    ) -> None:
        source = self.tensors[self.last]
        count, terms = shape[axis], int(np.prod(shape)) // shape[axis]
        scales = tuple(float(np.float32(s)) for s in self.rng.uniform(0.002, 0.01, count))
        weights = self.constant(
            self.rng.integers(-127, 128, shape).astype(np.int8),
            Quantization(scales, (0,) * count, axis),
        )
        assert source.quantization is not None
        step = source.quantization.scale
        bias = self.constant(
            self.rng.integers(-2000, 2001, count).astype(np.int32),
            Quantization(tuple(float(np.float32(step * s)) for s in scales), (0,) * count),
        )
        deviation = step * 0.006 * np.sqrt(terms) * self.spread * _WEIGHT_SPREAD
        scale = float(np.float32(deviation / _RELU_SPREAD))
        target = self.output(output, Quantization((scale,), (-128,)))
        operands = (self.last, weights, bias)
        self.operators.append(Operator(len(self.operators), kind, operands, (target,), options))
        self.last, self.spread = target, _RELU_SPREAD / np.sqrt(2)

    def window(self, kind: str, kernel: int, filters: int, stride: int) -> None:
        _, height, width, depth = self.tensors[self.last].shape
        output = (1, -(-height // stride), -(-width // stride), filters)
        depthwise = kind == "DEPTHWISE_CONV_2D"
        shape = (1, kernel, kernel, filters) if depthwise else (filters, kernel, kernel, depth)
        options: dict[str, OptionValue] = {
            "padding": "SAME", "stride_w": stride, "stride_h": stride, "dilation_w_factor": 1,
            "dilation_h_factor": 1, "fused_activation_function": "RELU",
        }  # fmt: skip
        if depthwise:
            options["depth_multiplier"] = 1
        self.weighted(kind, shape, 3 if depthwise else 0, output, options)


def mobilenet(seed: int = 0) -> Graph:
    """MobileNet v1 0.25, 96x96x3 to 2 classes, 7,489,664 multiply-accumulates."""
    b = _Builder(seed)
    b.window("CONV_2D", 3, 8, 2)
    for stride, filters in _BLOCKS:
        b.window("DEPTHWISE_CONV_2D", 3, b.tensors[b.last].shape[3], stride)
        b.window("CONV_2D", 1, filters, 1)
    last = b.tensors[b.last].quantization
    assert last is not None
    pooled = b.output((1, 1, 1, 256), last)
    pool: dict[str, OptionValue] = {
        "padding": "VALID", "stride_w": 3, "stride_h": 3, "filter_width": 3, "filter_height": 3,
        "fused_activation_function": "NONE",
    }  # fmt: skip
    b.operators.append(Operator(len(b.operators), "AVERAGE_POOL_2D", (b.last,), (pooled,), pool))
    flat = b.output((1, 256), last)
    b.operators.append(Operator(len(b.operators), "RESHAPE", (pooled,), (flat,), {}))
    b.last = flat
    dense: dict[str, OptionValue] = {
        "fused_activation_function": "NONE", "weights_format": "DEFAULT", "keep_num_dims": False,
        "asymmetric_quantize_inputs": False,
    }  # fmt: skip
    b.weighted("FULLY_CONNECTED", (_CLASSES, 256), 0, (1, _CLASSES), dense)
    result = b.output((1, _CLASSES), Quantization((1 / 256,), (-128,)))
    b.operators.append(Operator(len(b.operators), "SOFTMAX", (b.last,), (result,), {"beta": 1.0}))
    return Graph("mobilenet_v1_025_96", tuple(b.tensors), tuple(b.operators), (0,), (result,))

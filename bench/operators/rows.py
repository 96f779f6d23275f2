"""Random chains of layers whose rows can be computed apart: to be streamed, whatever that saves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from bench.operators.convolutions import _windowed
from bench.operators.everyday import _activation, _windows
from bench.operators.single import SingleOperator, chance, float32, log_uniform, pick, zero_point

from qmcu.model.graph import Graph, Operator, OptionValue, Quantization, Tensor

Rng = np.random.Generator
Pair = tuple[int, int]

STREAMED = "STREAMED"


@dataclass
class _Chain:
    """A graph that grows; `images` are the activations so far, which any operator may read."""

    rng: Rng
    tensors: list[Tensor] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)
    images: list[int] = field(default_factory=list)

    def add(self, graph: Graph, *sources: int) -> None:
        """An operator whose graph has `sources` for its inputs."""
        placed = dict(zip(graph.inputs, sources, strict=True))
        for tensor in graph.tensors:
            if tensor.index not in placed:
                placed[tensor.index] = len(self.tensors)
                name = f"t{len(self.tensors)}"
                self.tensors.append(replace(tensor, index=len(self.tensors), name=name))
        (operator,) = graph.operators
        self.operators.append(
            replace(
                operator,
                index=len(self.operators),
                inputs=tuple(i if i < 0 else placed[i] for i in operator.inputs),
                outputs=tuple(placed[i] for i in operator.outputs),
            )
        )
        self.images.append(self.operators[-1].outputs[0])

    def last(self) -> Tensor:
        return self.tensors[self.images[-1]]


def row_chain(rng: Rng) -> Graph:
    """Three to eight layers over one image; some outputs are read twice, or are the model's."""
    chain = _Chain(rng)
    shape = (1, int(rng.integers(6, 25)), int(rng.integers(1, 13)), int(rng.integers(1, 10)))
    if chance(rng, 0.5):
        shape = (*shape[:3], 4 * int(rng.integers(1, 5)))
    chain.tensors.append(Tensor(0, "image", shape, "int8", _quantization(rng)))
    chain.images.append(0)
    for _ in range(int(rng.integers(3, 9))):
        if chain.last().shape[1] < 2:
            break
        step = pick(rng, _convolution, _convolution, _depthwise, _depthwise, _pool, _sum, _relu)
        step(chain)
    if chance(rng, 0.4):
        _mean(chain)
    read = {i for operator in chain.operators for i in operator.inputs}
    outputs = [i for i in chain.images[1:] if i not in read or chance(rng, 0.08)]
    return Graph("rows", tuple(chain.tensors), tuple(chain.operators), (0,), tuple(outputs))


def _quantization(rng: Rng) -> Quantization:
    return Quantization((log_uniform(rng, 1e-2, 1.0),), (zero_point(rng),))


def _window(rng: Rng, shape: tuple[int, ...], least: int = 1) -> tuple[Pair, Pair, Pair, str]:
    """A kernel that the image has room for, a stride, a dilation, a padding."""
    kernel = tuple(int(rng.integers(least, min(6, n + 1))) if n > least else 1 for n in shape[1:3])
    if chance(rng, 0.4):
        kernel = (3, 3) if min(shape[1:3]) >= 3 else kernel
    stride = (1, 1) if chance(rng, 0.5) else (int(rng.integers(1, 4)), int(rng.integers(1, 4)))
    dilation: tuple[int, ...] = (1, 1)
    if chance(rng, 0.1):
        dilation = tuple(2 if 2 * k < n else 1 for k, n in zip(kernel, shape[1:3], strict=True))
    padding = str(pick(rng, "SAME", "VALID"))
    return (kernel[0], kernel[1]), (stride[0], stride[1]), (dilation[0], dilation[1]), padding


def _convolve(
    chain: _Chain, kind: str, filters: int, window: tuple[Pair, Pair, Pair, str] | None = None
) -> None:
    rng, source = chain.rng, chain.last()
    kernel, stride, dilation, padding = window or _window(rng, source.shape)
    if window is None and kind == "CONV_2D" and chance(rng, 0.3):
        kernel, dilation = (1, 1), (1, 1)
    size = source.shape[1], source.shape[2]
    output = _windowed(size, kernel, stride, dilation, padding)
    graph = _windows(
        rng, kind, (source.shape[3], size), (filters, output), kernel, stride, dilation, padding,
        source.quantization,
    )  # fmt: skip
    chain.add(graph, source.index)


def _convolution(chain: _Chain) -> None:
    filters = int(chain.rng.integers(1, 17))
    _convolve(chain, "CONV_2D", 4 * -(-filters // 4) if chance(chain.rng, 0.5) else filters)


def _depthwise(chain: _Chain) -> None:
    depth = chain.last().shape[3]
    _convolve(chain, "DEPTHWISE_CONV_2D", depth * int(pick(chain.rng, 1, 1, 1, 1, 2)))


def _pool(chain: _Chain) -> None:
    rng, source = chain.rng, chain.last()
    kernel, stride, _, padding = _window(rng, source.shape)
    size = source.shape[1], source.shape[2]
    output = _windowed(size, kernel, stride, (1, 1), padding)
    options: dict[str, OptionValue] = {
        "padding": padding,
        "stride_h": stride[0],
        "stride_w": stride[1],
        "filter_height": kernel[0],
        "filter_width": kernel[1],
        "fused_activation_function": _activation(rng),
    }
    operator = SingleOperator(str(pick(rng, "AVERAGE_POOL_2D", "MAX_POOL_2D")))
    operator.input(source.shape, source.quantization)
    shape = (1, *output, source.shape[3])
    chain.add(operator.graph((shape, source.quantization), options=options), source.index)


def _mean(chain: _Chain) -> None:
    """Of the whole image, by one window or over its axes."""
    rng, source = chain.rng, chain.last()
    _, height, width, depth = source.shape
    kind = str(pick(rng, "AVERAGE_POOL_2D", "MEAN", "SUM"))
    operator = SingleOperator(kind)
    operator.input(source.shape, source.quantization)
    if kind == "AVERAGE_POOL_2D":
        options: dict[str, OptionValue] = {
            "padding": str(pick(rng, "SAME", "VALID")),
            "stride_h": height,
            "stride_w": width,
            "filter_height": height,
            "filter_width": width,
            "fused_activation_function": _activation(rng),
        }
        shape: tuple[int, ...] = (1, 1, 1, depth)
        quantization = source.quantization
    else:
        operator.constant("axes", np.array([1, 2], np.int32))
        keep = chance(rng, 0.5)
        options = {"keep_dims": keep}
        shape = (1, 1, 1, depth) if keep else (1, depth)
        assert source.quantization is not None
        scale = float32(source.quantization.scale * rng.uniform(0.2, 3))
        quantization = Quantization((scale,), (zero_point(rng),))
    chain.add(operator.graph((shape, quantization), options=options), source.index)


def _sum(chain: _Chain) -> None:
    """Of the last image and an earlier one of its shape; else of it and a table of ten."""
    rng, source = chain.rng, chain.last()
    others = [i for i in chain.images[:-1] if chain.tensors[i].shape == source.shape]
    if not others:
        _relu(chain)
        return
    other = chain.tensors[int(pick(rng, *others))]
    operator = SingleOperator("ADD")
    operator.input(source.shape, source.quantization)
    operator.input(other.shape, other.quantization)
    assert source.quantization is not None and other.quantization is not None
    largest = max(source.quantization.scale, other.quantization.scale)
    target = Quantization((float32(largest * rng.uniform(0.5, 3)),), (zero_point(rng),))
    options: dict[str, OptionValue] = {
        "fused_activation_function": _activation(rng),
        "pot_scale_int16": False,
    }
    pair = (source.index, other.index)
    chain.add(operator.graph((source.shape, target), options=options), *pair)


def _relu(chain: _Chain) -> None:
    rng, source = chain.rng, chain.last()
    assert source.quantization is not None
    operator = SingleOperator("RELU")
    operator.input(source.shape, source.quantization)
    scale = float32(source.quantization.scale * rng.uniform(0.5, 2))
    chain.add(
        operator.graph((source.shape, Quantization((scale,), (zero_point(rng),)))), source.index
    )


def padded_convolution(rng: Rng) -> Graph:
    """A PAD of an image's border and a convolution, of which every window reaches the image."""
    chain = _Chain(rng)
    depth = 4 * int(rng.integers(1, 5)) if chance(rng, 0.6) else int(rng.integers(1, 10))
    shape = (1, int(rng.integers(1, 13)), int(rng.integers(1, 13)), depth)
    chain.tensors.append(Tensor(0, "image", shape, "int8", _quantization(rng)))
    chain.images.append(0)
    kernel = (3, 3) if chance(rng, 0.5) else (int(rng.integers(2, 6)), int(rng.integers(2, 6)))
    border = [tuple(int(n) for n in rng.integers(0, k, 2)) for k in kernel]
    if chance(rng, 0.5):
        border = [(0, 1), (0, 1)] if chance(rng, 0.5) else [(1, 1), (1, 1)]
    lengths = zip(shape[1:3], border, kernel, strict=True)
    border = [(a, max(b, k - n - a)) for n, (a, b), k in lengths]
    if any(b >= k for (_, b), k in zip(border, kernel, strict=True)):
        return padded_convolution(rng)
    _pad(chain, border)
    stride = (1, 1) if chance(rng, 0.4) else (int(rng.integers(1, 4)), int(rng.integers(1, 4)))
    if chance(rng, 0.4):
        stride = (2, 2)
    filters = int(rng.integers(1, 17))
    if chance(rng, 0.5):
        _convolve(chain, "DEPTHWISE_CONV_2D", depth, (kernel, stride, (1, 1), "VALID"))
    else:
        _convolve(chain, "CONV_2D", filters, (kernel, stride, (1, 1), "VALID"))
    outputs = (chain.images[-1],)
    return Graph("padded", tuple(chain.tensors), tuple(chain.operators), (0,), outputs)


def _pad(chain: _Chain, border: Sequence[tuple[int, ...]]) -> None:
    source = chain.last()
    values = np.array([(0, 0), *border, (0, 0)], np.int32)
    operator = SingleOperator("PAD")
    operator.input(source.shape, source.quantization)
    operator.constant("paddings", values)
    shape = tuple(n + int(p.sum()) for n, p in zip(source.shape, values, strict=True))
    chain.add(operator.graph((shape, source.quantization)), source.index)


CHAINS: dict[str, Callable[[Rng], Graph]] = {STREAMED: row_chain, "PAD_CONV": padded_convolution}

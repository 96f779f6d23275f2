"""What a network's operators compute, in TensorFlow and differentiably."""

from collections.abc import Callable
from typing import Any

from qmcu.backdoor.networks.joined import PARTS, cut_parts, look_up
from qmcu.backdoor.networks.lstm import CARRIED_LSTM, LSTM, run_carried_lstm, run_lstm
from qmcu.errors import ModelError
from qmcu.model.graph import Graph, Operator
from qmcu.model.passes.evaluation import strided_slice_index

# Called with TensorFlow, the graph, the operator, its operands and the layers' parameters.
Run = Callable[..., Any]


def apply_activation(tf: Any, operator: Operator, values: Any) -> Any:
    """What the operator's fused activation makes of its values; an LSTM's is inside it."""
    name = operator.options.get("fused_activation_function", "NONE")
    if name == "NONE" or operator.kind in (LSTM, CARRIED_LSTM):
        return values
    functions = {"RELU": tf.nn.relu, "RELU6": tf.nn.relu6, "TANH": tf.tanh}
    if name == "RELU_N1_TO_1":
        return tf.clip_by_value(values, -1.0, 1.0)
    return functions[str(name)](values)


def strides_of(operator: Operator) -> list[int]:
    """Of a convolution or pool, for TensorFlow: [1, height, width, 1]."""
    return [1, int(operator.options["stride_h"]), int(operator.options["stride_w"]), 1]  # type: ignore[arg-type]


def dilations_of(operator: Operator) -> list[int]:
    """Of a convolution, for TensorFlow: [height, width]."""
    options = operator.options
    return [int(options.get("dilation_h_factor", 1)), int(options.get("dilation_w_factor", 1))]  # type: ignore[arg-type]


def _conv_2d(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
    weights, bias = parameters[op.index]
    kernel = tf.transpose(weights, [1, 2, 3, 0])
    result = tf.nn.conv2d(
        operands[0], kernel, strides_of(op), op.options["padding"], dilations=dilations_of(op)
    )
    return result + bias


def _depthwise_conv_2d(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
    weights, bias = parameters[op.index]
    _, height, width, outputs = weights.shape
    channels = operands[0].shape[-1]
    kernel = tf.reshape(weights, [height, width, channels, outputs // channels])
    strides, dilations = strides_of(op), dilations_of(op)
    if strides[1] == strides[2] and 1 in (strides[1], max(dilations)):
        padding = op.options["padding"]
        return tf.nn.depthwise_conv2d(operands[0], kernel, strides, padding, None, dilations) + bias
    # TensorFlow has one stride for both axes, and none beside dilation: every pixel, then those.
    images = operands[0]
    if op.options["padding"] == "SAME":
        lengths, sizes = images.shape[1:3], (height, width)
        axes = zip(lengths, sizes, strides[1:3], dilations, strict=True)
        images = tf.pad(images, [(0, 0), *(_same(*axis) for axis in axes), (0, 0)])
    whole = tf.nn.depthwise_conv2d(images, kernel, [1, 1, 1, 1], "VALID", None, dilations)
    return whole[:, :: strides[1], :: strides[2]] + bias


def _same(length: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """What SAME pads before and after an axis."""
    total = (-(-length // stride) - 1) * stride + (kernel - 1) * dilation + 1 - length
    return max(total, 0) // 2, max(total, 0) - max(total, 0) // 2


def _fully_connected(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
    weights, bias = parameters[op.index]
    values = tf.reshape(operands[0], [-1, weights.shape[1]])
    result = tf.matmul(values, weights, transpose_b=True) + bias
    return tf.reshape(result, [-1, *graph.tensors[op.outputs[0]].shape[1:]])


def _pool(average: bool) -> Run:
    def run(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
        window = [int(op.options["filter_height"]), int(op.options["filter_width"])]  # type: ignore[arg-type]
        pool = tf.nn.avg_pool2d if average else tf.nn.max_pool2d
        return pool(operands[0], window, strides_of(op)[1:3], op.options["padding"])

    return run


def _reshape(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
    return tf.reshape(operands[0], [-1, *graph.tensors[op.outputs[0]].shape[1:]])


def _pad(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
    return tf.pad(operands[0], graph.tensors[op.inputs[1]].array)


def _integers(graph: Graph, op: Operator, position: int) -> list[int]:
    """A constant operand's numbers. Raises ModelError where it is computed."""
    tensor = graph.operand(op, position)
    if tensor is None or not tensor.is_constant:
        raise ModelError(
            f"{graph.name}: {op} has a computed operand, which an audit cannot follow."
        )
    return [int(n) for n in tensor.array.reshape(-1)]


def _transpose(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
    order = _integers(graph, op, 1)
    if order[0] != 0:
        raise ModelError(f"{graph.name}: {op} moves the batch, which an audit cannot follow.")
    return tf.transpose(operands[0], order)


def _batch_matmul(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
    first, second = (bool(op.options.get(name, False)) for name in ("adj_x", "adj_y"))
    return tf.matmul(operands[0], operands[1], transpose_a=first, transpose_b=second)


def _resize(method: str) -> Run:
    def run(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
        if op.options.get("align_corners", False):
            return tf.compat.v1.image.resize(
                operands[0], _integers(graph, op, 1), method, align_corners=True
            )
        centres = bool(op.options.get("half_pixel_centers", False))
        scale = (
            tf.raw_ops.ResizeBilinear if method == "bilinear" else tf.raw_ops.ResizeNearestNeighbor
        )
        return scale(images=operands[0], size=_integers(graph, op, 1), half_pixel_centers=centres)

    return run


def _blocks(name: str) -> Run:
    def run(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
        block, edges = _integers(graph, op, 1), _integers(graph, op, 2)
        pairs = [edges[i : i + 2] for i in range(0, len(edges), 2)]
        return getattr(tf, name)(operands[0], block, pairs)

    return run


def _blocked(name: str) -> Run:
    def run(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
        block = int(op.options["block_size"])  # type: ignore[arg-type]
        return getattr(tf.nn, name)(operands[0], block) if block > 1 else operands[0]

    return run


def _cut(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
    """SLICE and STRIDED_SLICE of all inputs of a batch."""
    first, second = _integers(graph, op, 1), _integers(graph, op, 2)
    if op.kind == "SLICE":
        ends = [None if n == -1 else b + n for b, n in zip(first, second, strict=True)]
        index = tuple(slice(b, e) for b, e in zip(first, ends, strict=True))
    else:
        try:
            index = strided_slice_index(op, first, second, _integers(graph, op, 3))
        except ValueError as error:
            problem = f"has a {error} that an audit cannot follow"
            raise ModelError(f"{graph.name}: {op} {problem}.") from error
    if not isinstance(index[0], slice) or graph.tensors[op.inputs[0]].shape[0] != 1:
        raise ModelError(f"{graph.name}: {op} cuts the batch, which an audit cannot follow.")
    return operands[0][(slice(None), *index[1:])]


def _parts(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
    """SPLIT, SPLIT_V and UNPACK: one value for each output."""
    source = 1 if op.kind == "SPLIT" else 0
    rank = len(graph.tensors[op.inputs[source]].shape)
    if op.kind == "UNPACK":
        axis = int(op.options["axis"])  # type: ignore[arg-type]
    else:
        axis = _integers(graph, op, 0 if op.kind == "SPLIT" else 2)[0]
    if axis % rank == 0:
        raise ModelError(f"{graph.name}: {op} cuts the batch, which an audit cannot follow.")
    if op.kind == "UNPACK":
        return tf.unstack(operands[source], axis=axis)
    sizes = [graph.tensors[i].shape[axis] for i in op.outputs]
    return tf.split(operands[source], sizes, axis)


def _pack(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
    axis = int(op.options["axis"])  # type: ignore[arg-type]
    if axis % len(graph.tensors[op.outputs[0]].shape) == 0:
        raise ModelError(f"{graph.name}: {op} joins the batch, which an audit cannot follow.")
    return tf.stack(_of_one_batch(tf, graph, op, operands), axis)


def _of_one_batch(tf: Any, graph: Graph, op: Operator, operands: Any) -> list[Any]:
    """Operands with as many rows as the inputs: a constant, as an initial state, has one."""
    moving = [not graph.tensors[i].is_constant for i in op.inputs]
    if all(moving) or not any(moving):
        return list(operands)
    rows = tf.shape(operands[moving.index(True)])[0]
    return [
        value if moves else tf.repeat(value, rows, axis=0)
        for value, moves in zip(operands, moving, strict=True)
    ]


def _reverse(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
    rank = len(graph.tensors[op.inputs[0]].shape)
    axes = [a % rank for a in _integers(graph, op, 1)]
    if 0 in axes:
        raise ModelError(f"{graph.name}: {op} turns the batch, which an audit cannot follow.")
    return tf.reverse(operands[0], axes)


def _transpose_conv(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
    """Its weights are constants here, and none of the network's layers."""
    _, weights, values, *bias = operands
    shape = graph.tensors[op.outputs[0]].shape
    result = tf.nn.conv2d_transpose(
        values,
        tf.transpose(weights, [1, 2, 0, 3]),
        [tf.shape(values)[0], *shape[1:]],
        strides_of(op),
        op.options["padding"],
    )
    return result + bias[0] if bias else result


def _reduced(name: str) -> Run:
    def run(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
        rank = len(graph.tensors[op.inputs[0]].shape)
        axes = sorted({a % rank for a in _integers(graph, op, 1)})
        if 0 in axes:
            raise ModelError(f"{graph.name}: {op} joins the batch, which an audit cannot follow.")
        return getattr(tf, name)(
            operands[0], axes, keepdims=bool(op.options.get("keep_dims", False))
        )

    return run


def _gather(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
    """Rows of a table by whole numbers that are inputs, or values in constant places."""
    if not graph.tensors[op.inputs[1]].is_constant:
        return look_up(tf, graph, op, operands, parameters)
    rank = len(graph.tensors[op.inputs[0]].shape)
    axis = int(op.options.get("axis", 0)) % rank  # type: ignore[arg-type]
    if axis == 0 or op.options.get("batch_dims", 0):
        raise ModelError(f"{graph.name}: {op} cuts the batch, which an audit cannot follow.")
    return tf.gather(operands[0], graph.tensors[op.inputs[1]].array, axis=axis)


def _gelu(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
    return tf.nn.gelu(operands[0], approximate=bool(op.options.get("approximate", False)))


def _leaky_relu(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
    return tf.nn.leaky_relu(operands[0], float(op.options.get("alpha", 0.0)))  # type: ignore[arg-type]


def _concatenation(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
    axis = int(op.options["axis"])  # type: ignore[arg-type]
    return tf.concat(_of_one_batch(tf, graph, op, operands), axis)


def _simple(function: Callable[[Any, Any], Any]) -> Run:
    def run(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
        return function(tf, operands)

    return run


# Of a network to attack or to defend, whose int8 file has its float graph's layers: with others
# converters write other layers (a bias apart, real numbers in between). An audit takes all.
PAIRED = (
    "ADD", "AVERAGE_POOL_2D", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "EXPAND_DIMS",
    "FULLY_CONNECTED", "LOGISTIC", "MAX_POOL_2D", "MEAN", "HARD_SWISH", "LEAKY_RELU", "MAXIMUM",
    "MINIMUM", "MUL", "PAD", "RELU", "RELU6", "RESHAPE", "SOFTMAX", "SQUEEZE", "SUB", "TANH",
)  # fmt: skip
# A logarithm or root of what is not above this has no slope.
_TINY = 1e-6

OPERATORS: dict[str, Run] = {
    "ABS": _simple(lambda tf, x: tf.abs(x[0])),
    "ADD": _simple(lambda tf, x: x[0] + x[1]),
    "AVERAGE_POOL_2D": _pool(average=True),
    "BATCH_TO_SPACE_ND": _blocks("batch_to_space"),
    "BATCH_MATMUL": _batch_matmul,
    "CONCATENATION": _concatenation,
    "CONV_2D": _conv_2d,
    "DEPTHWISE_CONV_2D": _depthwise_conv_2d,
    "DEPTH_TO_SPACE": _blocked("depth_to_space"),
    "DEQUANTIZE": _simple(lambda tf, x: x[0]),
    "DIV": _simple(lambda tf, x: x[0] / x[1]),
    "ELU": _simple(lambda tf, x: tf.nn.elu(x[0])),
    "EXP": _simple(lambda tf, x: tf.exp(x[0])),
    "EXPAND_DIMS": _reshape,
    "FULLY_CONNECTED": _fully_connected,
    "GATHER": _gather,
    "GELU": _gelu,
    "LOG": _simple(lambda tf, x: tf.math.log(tf.maximum(x[0], _TINY))),
    "LOGISTIC": _simple(lambda tf, x: tf.sigmoid(x[0])),
    "MAX_POOL_2D": _pool(average=False),
    "MEAN": _reduced("reduce_mean"),
    "HARD_SWISH": _simple(lambda tf, x: x[0] * tf.nn.relu6(x[0] + 3) / 6),
    "LEAKY_RELU": _leaky_relu,
    "MAXIMUM": _simple(lambda tf, x: tf.maximum(x[0], x[1])),
    "MINIMUM": _simple(lambda tf, x: tf.minimum(x[0], x[1])),
    "MUL": _simple(lambda tf, x: x[0] * x[1]),
    "NEG": _simple(lambda tf, x: -x[0]),
    "PACK": _pack,
    "PAD": _pad,
    PARTS: cut_parts,
    "PRELU": _simple(lambda tf, x: tf.maximum(x[0], 0.0) + x[1] * tf.minimum(x[0], 0.0)),
    "QUANTIZE": _simple(lambda tf, x: x[0]),
    "REDUCE_MAX": _reduced("reduce_max"),
    "REDUCE_MIN": _reduced("reduce_min"),
    "RELU": _simple(lambda tf, x: tf.nn.relu(x[0])),
    "RELU6": _simple(lambda tf, x: tf.nn.relu6(x[0])),
    "RESHAPE": _reshape,
    "RESIZE_BILINEAR": _resize("bilinear"),
    "RESIZE_NEAREST_NEIGHBOR": _resize("nearest"),
    "REVERSE_V2": _reverse,
    "RSQRT": _simple(lambda tf, x: tf.math.rsqrt(tf.maximum(x[0], _TINY))),
    "SLICE": _cut,
    "SPLIT": _parts,
    "SPLIT_V": _parts,
    "SOFTMAX": _simple(lambda tf, x: tf.nn.softmax(x[0])),
    "SPACE_TO_DEPTH": _blocked("space_to_depth"),
    "SPACE_TO_BATCH_ND": _blocks("space_to_batch"),
    "SQRT": _simple(lambda tf, x: tf.sqrt(tf.maximum(x[0], _TINY))),
    "SQUARE": _simple(lambda tf, x: tf.square(x[0])),
    "SQUARED_DIFFERENCE": _simple(lambda tf, x: tf.square(x[0] - x[1])),
    "SQUEEZE": _reshape,
    "STRIDED_SLICE": _cut,
    "SUM": _reduced("reduce_sum"),
    "SUB": _simple(lambda tf, x: x[0] - x[1]),
    "TANH": _simple(lambda tf, x: tf.tanh(x[0])),
    "TRANSPOSE": _transpose,
    "TRANSPOSE_CONV": _transpose_conv,
    CARRIED_LSTM: run_carried_lstm,
    LSTM: run_lstm,
    "UNPACK": _parts,
}

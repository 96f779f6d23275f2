"""A Keras model of a network: what an attacker hands over, and what a standard tool quantizes.

Batch normalization is already folded into the weights, so that the converter finds exactly these
weights again.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.inputs import part_name
from qmcu.backdoor.networks.joined import is_joined, own_inputs
from qmcu.backdoor.networks.network import Network, forward, network_from_graph
from qmcu.backdoor.networks.operators import PAIRED
from qmcu.conversion.before import check_source
from qmcu.conversion.files import OpenOptions, float_graph_of
from qmcu.conversion.keras_files import SUFFIXES, describe_file, open_file
from qmcu.conversion.signatures import InputSpec, Loaded
from qmcu.errors import ModelError, UsageError
from qmcu.model.convert import Conversion, float_graph, prepare_keras, quantize_loaded
from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.tensorflow import load_tensorflow

_ACTIVATIONS = {"NONE": None, "RELU": "relu", "RELU6": "relu6", "TANH": "tanh"}


def keras_from_network(network: Network) -> Any:
    """A functional Keras model with the network's weights, softmax included if it has one.

    Raises ModelError for an operator that has no Keras layer here.
    """
    keras = load_tensorflow().keras
    graph = network.graph
    source = keras.Input(network.input_shape, name="input")
    values = {graph.inputs[0]: source}
    weighted = {
        layer.operator: (w, b)
        for layer, w, b in zip(network.layers, network.weights, network.biases, strict=True)
    }
    filled: list[tuple[Any, list[Any]]] = []
    for operator in graph.operators:
        build = _BUILDERS.get(operator.kind)
        if build is None:
            raise ModelError(f"{graph.name}: {operator} has no Keras layer to be rebuilt as.")
        layer, parameters = build(keras, graph, operator, weighted.get(operator.index))
        operands = [values[i] for i in operator.inputs if i in values]
        result = layer(operands[0] if len(operands) == 1 else operands)
        if parameters:
            filled.append((layer, parameters))
        values[operator.outputs[0]] = result
    model = keras.Model(source, values[graph.outputs[0]], name=_identifier(graph.name))
    for layer, parameters in filled:
        layer.set_weights(parameters)
    return model


def convert_network(
    network: Network,
    samples: npt.NDArray[np.float32],
    *,
    per_tensor: bool = False,
    wide: bool = False,
) -> Conversion:
    """What the victim gets: the network quantized by the standard converter, `wide` with int16
    activations.
    """
    loaded = prepare_network(network)
    return quantize_loaded(loaded, samples, network.graph.name, per_tensor=per_tensor, wide=wide)


def prepare_network(network: Network) -> Loaded:
    """The network as the converter takes it, to be quantized more than once: a Keras model, or
    where one of its operators has no layer there, what `forward` computes.
    """
    try:
        model = keras_from_network(network)
    except ModelError:
        return _as_function(network)
    return prepare_keras(model, network.graph.name)


def _as_function(network: Network) -> Loaded:
    """The network as a function of TensorFlow, its softmax at the end included; of several inputs
    each has its own, called by `part_name`.
    """
    tf = load_tensorflow()
    tensors = own_inputs(network.graph)
    ends = network.graph.operators[-1].kind == "SOFTMAX"
    names = [part_name(k) for k in range(len(tensors))] if is_joined(network.graph) else ["inputs"]

    def run(**inputs: Any) -> dict[str, Any]:
        given = [inputs[name] for name in names]
        values = forward(network, given if is_joined(network.graph) else given[0])
        return {"outputs": tf.nn.softmax(values) if ends else values}

    specs = {
        name: tf.TensorSpec((None, *tensor.shape[1:]), _float_type(tensor), name=name)
        for name, tensor in zip(names, tensors, strict=True)
    }
    function = tf.function(run, autograph=False)
    module = tf.Module()
    module.run = function
    concrete = function.get_concrete_function(**specs)
    inputs = tuple(
        InputSpec(name, tensor.shape, _float_type(tensor))
        for name, tensor in zip(names, tensors, strict=True)
    )
    return Loaded(module, concrete, inputs)


def _float_type(tensor: Tensor) -> str:
    return tensor.dtype if tensor.dtype in ("int32", "int64") else "float32"


def open_keras(path: Path) -> Any:
    """The Keras model of a float file: its own of Keras 3, else one rebuilt of its float graph.

    Raises ModelError when it does not load, ToolError without TensorFlow.
    """
    check_source(path)
    tensorflow = load_tensorflow("the backdoor lab")
    if _is_keras_3(path):
        return open_file(tensorflow, path).model
    return keras_from_network(open_network(path))


def open_network(path: Path) -> Network:
    """The network of a float file: Keras 3 or 2, a SavedModel or a float32 .tflite.

    Raises ModelError when it does not load, is no float model or has an operator that is not known,
    ToolError without TensorFlow.
    """
    return network_from_graph(open_float(path).graph, PAIRED)


def open_float(path: Path, opening: OpenOptions | None = None) -> Network:
    """As `open_network`, with any operator that an audit can follow, opened as `opening` says."""
    return network_from_graph(open_float_graph(path, opening))


def open_float_graph(path: Path, opening: OpenOptions | None = None) -> Graph:
    """The graph of a float file, with all of its inputs and outputs. Raises as `open_float`."""
    check_source(path)
    if opening is None and _is_keras_3(path):
        return float_graph(open_keras(path), path.stem)
    graph = float_graph_of(path, opening)
    load_tensorflow("the backdoor lab")
    return graph


def _is_keras_3(path: Path) -> bool:
    if path.suffix not in SUFFIXES or not path.is_file():
        return False
    return not describe_file(path)[0].startswith(("1.", "2."))


def save_keras(model: Any, path: Path) -> None:
    """Write a .keras file whole or not at all. Raises UsageError when it cannot be written."""
    temporary = path.with_name(f".{path.stem}-partial.keras")
    try:
        model.save(temporary)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UsageError(f"cannot write {path}: {error.strerror or error}.") from error


def _identifier(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name) or "model"


def _name(operator: Operator) -> str:
    # Keras would number its layers through the process: the same network, other bytes.
    return f"l{operator.index:02d}_{operator.kind.lower()}"


def _activation(operator: Operator) -> str | None:
    name = str(operator.options.get("fused_activation_function", "NONE"))
    if name not in _ACTIVATIONS:
        raise ModelError(f"{operator} has the activation {name}, which Keras lacks.")
    return _ACTIVATIONS[name]


def _integer(operator: Operator, option: str) -> int:
    return int(operator.options.get(option, 1))  # type: ignore[arg-type]


def _window(operator: Operator) -> dict[str, Any]:
    return {
        "strides": (_integer(operator, "stride_h"), _integer(operator, "stride_w")),
        "padding": str(operator.options["padding"]).lower(),
    }


def _dilation(operator: Operator) -> tuple[int, int]:
    return _integer(operator, "dilation_h_factor"), _integer(operator, "dilation_w_factor")


def _conv_2d(keras: Any, graph: Graph, op: Operator, parameters: Any) -> Any:
    weights, bias = parameters
    layer = keras.layers.Conv2D(
        weights.shape[0],
        weights.shape[1:3],
        name=_name(op),
        dilation_rate=_dilation(op),
        activation=_activation(op),
        **_window(op),
    )
    return layer, [np.transpose(weights, (1, 2, 3, 0)), bias]


def _depthwise_conv_2d(keras: Any, graph: Graph, op: Operator, parameters: Any) -> Any:
    weights, bias = parameters
    _, height, width, outputs = weights.shape
    channels = graph.tensors[op.inputs[0]].shape[3]
    layer = keras.layers.DepthwiseConv2D(
        (height, width),
        name=_name(op),
        depth_multiplier=outputs // channels,
        dilation_rate=_dilation(op),
        activation=_activation(op),
        **_window(op),
    )
    return layer, [weights.reshape(height, width, channels, outputs // channels), bias]


def _fully_connected(keras: Any, graph: Graph, op: Operator, parameters: Any) -> Any:
    weights, bias = parameters
    layer = keras.layers.Dense(weights.shape[0], activation=_activation(op), name=_name(op))
    return layer, [np.transpose(weights), bias]


def _pool(name: str) -> Callable[..., Any]:
    def build(keras: Any, graph: Graph, op: Operator, parameters: Any) -> Any:
        window = _integer(op, "filter_height"), _integer(op, "filter_width")
        return getattr(keras.layers, name)(window, name=_name(op), **_window(op)), []

    return build


def _mean(keras: Any, graph: Graph, op: Operator, parameters: Any) -> Any:
    axes = sorted(int(a) for a in graph.tensors[op.inputs[1]].array.reshape(-1))
    rank = len(graph.tensors[op.inputs[0]].shape)
    if axes != list(range(1, rank - 1)) or rank not in (3, 4):
        raise ModelError(
            f"{op} averages over the axes {axes} of {rank}; only height and width, or time, are "
            "rebuilt."
        )
    keep = bool(op.options.get("keep_dims", False))
    pool = getattr(keras.layers, f"GlobalAveragePooling{rank - 2}D")
    return pool(keepdims=keep, name=_name(op)), []


def _reshape(keras: Any, graph: Graph, op: Operator, parameters: Any) -> Any:
    return keras.layers.Reshape(graph.tensors[op.outputs[0]].shape[1:], name=_name(op)), []


def _pad(keras: Any, graph: Graph, op: Operator, parameters: Any) -> Any:
    amounts = graph.tensors[op.inputs[1]].array.tolist()
    return keras.layers.ZeroPadding2D((tuple(amounts[1]), tuple(amounts[2])), name=_name(op)), []


def _concatenation(keras: Any, graph: Graph, op: Operator, parameters: Any) -> Any:
    return keras.layers.Concatenate(axis=_integer(op, "axis"), name=_name(op)), []


def _arithmetic(layer: str, rescale: Callable[[Any], dict[str, Any]]) -> Callable[..., Any]:
    """A layer of two operands, or a Rescaling by the constant that one of them is."""

    def build(keras: Any, graph: Graph, op: Operator, parameters: Any) -> Any:
        activation = _activation(op)
        constants = [graph.tensors[i] for i in op.inputs if graph.tensors[i].is_constant]
        if constants and layer == "Subtract" and constants[0].index == op.inputs[0]:
            raise ModelError(f"{op} subtracts from a constant, which has no Keras layer here.")
        if constants:
            values = np.asarray(constants[0].array, np.float32)
            given = values.tolist() if values.size > 1 else float(values.reshape(-1)[0])
            first = keras.layers.Rescaling(**rescale(given), name=_name(op))
        else:
            first = getattr(keras.layers, layer)(name=_name(op))
        if activation is None:
            return first, []
        after = keras.layers.Activation(activation, name=f"{_name(op)}_{activation}")
        return (lambda operands: after(first(operands))), []

    return build


def _negative(value: Any) -> Any:
    return (-np.asarray(value)).tolist()


def _leaky_relu(keras: Any, graph: Graph, op: Operator, parameters: Any) -> Any:
    slope = float(op.options.get("alpha", 0.0))  # type: ignore[arg-type]
    return keras.layers.LeakyReLU(negative_slope=slope, name=_name(op)), []


def _layer(name: str, *arguments: Any) -> Callable[..., Any]:
    def build(keras: Any, graph: Graph, op: Operator, parameters: Any) -> Any:
        return getattr(keras.layers, name)(*arguments, name=_name(op)), []

    return build


_BUILDERS: dict[str, Callable[..., Any]] = {
    "ADD": _arithmetic("Add", lambda c: {"scale": 1.0, "offset": c}),
    "AVERAGE_POOL_2D": _pool("AveragePooling2D"),
    "CONCATENATION": _concatenation,
    "CONV_2D": _conv_2d,
    "DEPTHWISE_CONV_2D": _depthwise_conv_2d,
    "EXPAND_DIMS": _reshape,
    "FULLY_CONNECTED": _fully_connected,
    "HARD_SWISH": _layer("Activation", "hard_silu"),
    "LEAKY_RELU": _leaky_relu,
    "LOGISTIC": _layer("Activation", "sigmoid"),
    "MAX_POOL_2D": _pool("MaxPooling2D"),
    "MEAN": _mean,
    "MAXIMUM": _layer("Maximum"),
    "MINIMUM": _layer("Minimum"),
    "MUL": _arithmetic("Multiply", lambda c: {"scale": c}),
    "PAD": _pad,
    "RELU": _layer("ReLU"),
    "RELU6": _layer("ReLU", 6.0),
    "RESHAPE": _reshape,
    "SOFTMAX": _layer("Softmax"),
    "SQUEEZE": _reshape,
    "SUB": _arithmetic("Subtract", lambda c: {"scale": 1.0, "offset": _negative(c)}),
    "TANH": _layer("Activation", "tanh"),
}

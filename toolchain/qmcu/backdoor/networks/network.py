"""A float network as data: the converter's graph of a Keras model, and its weights apart.

Batch normalization is folded by the converter, so that layer k of the float graph and of the
int8 graph are the same operator: what the grid of the int8 weights means for the float ones can
be asked layer by layer. `forward` runs such a graph in TensorFlow, differentiably, with any
weights and any change of the activations on the way (quantization, capturing).
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.networks.joined import joined_shape
from qmcu.backdoor.networks.operators import (
    OPERATORS,
    PAIRED,
    apply_activation,
    dilations_of,
    strides_of,
)
from qmcu.backdoor.networks.plain import plain_graph
from qmcu.errors import ModelError
from qmcu.model.convert import float_graph
from qmcu.model.graph import Graph, Operator
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array

# Called with a graph tensor's index and its values; gives the values to go on with.
Activation = Callable[[int, Any], Any]

# Operators with weights, and the axis of their output channels.
CHANNEL_AXES = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0}
# The kind of a layer that is a quantized constant of another operator, as of a normalization.
CONSTANT = "CONSTANT"


@dataclass(frozen=True)
class Layer:
    """An operator with weights: its name and, in the graph, its weight and bias tensors.

    `axis` is the weights' axis of output channels; `bias` is None for a layer without one. One of
    kind CONSTANT is any other operator's constant `weights`.
    """

    name: str
    operator: int
    kind: str
    weights: int
    bias: int | None
    axis: int


@dataclass(frozen=True, eq=False)
class Network:
    """A float graph with its weights: float32 arrays in the order of `layers`.

    `weights[k]` has the TFLite layout (CONV_2D OHWI, DEPTHWISE_CONV_2D 1HWC, FULLY_CONNECTED
    OI); `biases[k]` is zero where the layer has none. A CONSTANT's are [elements], or as in the
    file where they have a scale a channel, and no biases.
    """

    graph: Graph
    layers: tuple[Layer, ...]
    weights: tuple[Float32Array, ...]
    biases: tuple[Float32Array, ...]

    def with_parameters(
        self, weights: Sequence[npt.NDArray[Any]], biases: Sequence[npt.NDArray[Any]]
    ) -> "Network":
        """The same graph with other weights and biases."""
        return replace(
            self,
            weights=tuple(np.asarray(w, np.float32) for w in weights),
            biases=tuple(np.asarray(b, np.float32) for b in biases),
        )

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one input, without the batch."""
        return joined_shape(self.graph)

    @cached_property
    def compiled(self) -> Any:
        """`forward` of inputs alone as a TensorFlow function, traced once for whatever number of
        them comes second.
        """
        function = load_tensorflow().function
        return function(lambda x: forward(self, x), autograph=False, reduce_retracing=True)

    @cached_property
    def traced(self) -> dict[Any, Any]:
        """TensorFlow functions of this network that others traced, by what they compute."""
        return {}

    def __str__(self) -> str:
        count = sum(w.size for w in self.weights)
        return f"{self.graph.name}: {len(self.layers)} layers with {count} weights"


def weighted_layers(graph: Graph) -> tuple[Layer, ...]:
    """The layers with constant weights, in execution order."""
    result = []
    for operator in graph.operators:
        if operator.kind not in CHANNEL_AXES:
            continue
        weights, bias = graph.operand(operator, 1), graph.operand(operator, 2)
        if weights is None or not weights.is_constant:
            continue
        result.append(
            Layer(
                name=f"l{operator.index:02d}_{operator.kind.lower()}",
                operator=operator.index,
                kind=operator.kind,
                weights=weights.index,
                bias=bias.index if bias is not None and bias.is_constant else None,
                axis=CHANNEL_AXES[operator.kind],
            )
        )
    return tuple(result)


def quantized_layers(graph: Graph) -> tuple[Layer, ...]:
    """Those of a file's layers whose weights are integers: all but in files of dynamic range, where
    converters leave small ones in float32.
    """
    return tuple(
        layer
        for layer in weighted_layers(graph)
        if not graph.tensors[layer.weights].dtype.startswith("float")
    )


def network_from_keras(model: Any, name: str = "model") -> Network:
    """The network of a Keras model. Raises ModelError when the converter refuses it."""
    return network_from_graph(float_graph(model, name), PAIRED)


def network_from_graph(graph: Graph, known: Collection[str] = tuple(OPERATORS)) -> Network:
    """The network of a float graph, or of an int8 one with its weights as real numbers.

    Raises ModelError for more than one input or output, or an operator that is not `known`: of a
    float graph to attack or to defend those that a Keras model is rebuilt of, `PAIRED`.
    """
    graph = plain_graph(graph)
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise ModelError(
            f"{graph.name} has {len(graph.inputs)} inputs and {len(graph.outputs)} outputs; "
            "the backdoor lab works on classifiers with one of each."
        )
    unknown = sorted({op.kind for op in graph.operators} - set(known))
    if unknown:
        raise ModelError(
            f"{graph.name}: the backdoor lab cannot run {', '.join(unknown)}; "
            f"it knows {', '.join(sorted(known))}."
        )
    layers = weighted_layers(graph)
    weights = tuple(graph.tensors[layer.weights].real for layer in layers)
    biases = tuple(
        np.zeros(w.shape[layer.axis], np.float32)
        if layer.bias is None
        else graph.tensors[layer.bias].real
        for layer, w in zip(layers, weights, strict=True)
    )
    return Network(graph, layers, weights, biases)


def forward(
    network: Network,
    inputs: Any,
    weights: Sequence[Any] | None = None,
    biases: Sequence[Any] | None = None,
    activation: Activation | None = None,
) -> Any:
    """Logits [N, classes], of a map [N, ...]: the graph without its final softmax, in TensorFlow.

    `inputs` is float32 [N, ...], or of a joined graph a list of its parts as they are; `weights`
    and `biases` replace the network's own (tensors or
    variables in the same layout); `activation` sees every activation tensor, the input first.
    """
    tf = load_tensorflow()
    change: Activation = activation or (lambda _, values: values)
    own_weights = network.weights if weights is None else weights
    own_biases = network.biases if biases is None else biases
    parameters = {
        layer.operator: (w, b)
        for layer, w, b in zip(network.layers, own_weights, own_biases, strict=True)
    }
    graph = network.graph
    if not _has_all(graph, parameters):
        parameters = {**_kept_in_float(graph), **parameters}
    constants = {
        layer.weights: tf.reshape(w, graph.tensors[layer.weights].shape)
        for layer, w in zip(network.layers, own_weights, strict=True)
        if layer.kind == CONSTANT
    }
    operators, given = _without_softmax(graph), graph.inputs
    if isinstance(inputs, list):
        given, operators = operators[0].outputs, operators[1:]
    arrays = inputs if isinstance(inputs, list) else [inputs]
    values = {
        index: change(index, tf.convert_to_tensor(array))
        for index, array in zip(given, arrays, strict=True)
    }
    for operator in operators:
        operands = [
            # A size that was computed (`plain_graph`) is the output's own.
            values.get(i)
            if not graph.tensors[i].is_constant
            else constants.get(i, graph.tensors[i].real)
            for i in operator.inputs
            if i >= 0
        ]
        result = OPERATORS[operator.kind](tf, graph, operator, operands, parameters)
        several = len(operator.outputs) > 1
        for output, made in zip(operator.outputs, result if several else [result], strict=True):
            values[output] = change(output, apply_activation(tf, operator, made))
    last = values[operators[-1].outputs[0]]
    # A head behind a plane of 1x1 may keep its axes; a map has its own.
    if len(last.shape) > 2 and set(last.shape[1:-1]) == {1}:
        last = tf.reshape(last, [-1, last.shape[-1]])
    return last


def _has_all(graph: Graph, known: Collection[int]) -> bool:
    return all(op.index in known for op in graph.operators if op.kind in CHANNEL_AXES)


def _kept_in_float(graph: Graph) -> dict[int, tuple[Float32Array, Any]]:
    """Weights and biases of layers that the graph has as float32 constants."""
    return {
        layer.operator: (
            graph.tensors[layer.weights].real,
            0.0 if layer.bias is None else graph.tensors[layer.bias].real,
        )
        for layer in weighted_layers(graph)
        if graph.tensors[layer.weights].dtype == "float32"
    }


def run_layer(network: Network, number: int, inputs: Any, weights: Any, biases: Any) -> Any:
    """What layer `number` alone makes of its inputs [N, ...], its fused activation included."""
    tf = load_tensorflow()
    operator = network.graph.operators[network.layers[number].operator]
    parameters = {operator.index: (weights, biases)}
    operands = [tf.convert_to_tensor(inputs)]
    result = OPERATORS[operator.kind](tf, network.graph, operator, operands, parameters)
    return apply_activation(tf, operator, result)


def layer_windows(network: Network, number: int, inputs: Float32Array) -> Float32Array:
    """What the outputs of layer `number` see of its inputs: [windows, places, channels].

    Places are in the order of the weights; a dense layer has one window an input and one place.
    """
    operator = network.graph.operators[network.layers[number].operator]
    weights = network.weights[number]
    if operator.kind == "FULLY_CONNECTED":
        return inputs.reshape(-1, 1, weights.shape[1])
    tf = load_tensorflow()
    height, width = weights.shape[1:3]
    seen = tf.image.extract_patches(
        inputs, [1, height, width, 1], strides_of(operator), [1, *dilations_of(operator), 1],
        operator.options["padding"],
    )  # fmt: skip
    return np.asarray(seen, np.float32).reshape(-1, height * width, inputs.shape[-1])


def _without_softmax(graph: Graph) -> tuple[Operator, ...]:
    operators = graph.operators
    return operators[:-1] if operators[-1].kind == "SOFTMAX" else operators


def batches(count: int, size: int) -> Iterator[slice]:
    """Slices of at most `size` rows that cover `count`."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def logits(network: Network, inputs: Float32Array, *, size: int = 256) -> Float32Array:
    """Logits [N, classes] of float inputs [N, ...], in batches."""
    tf = load_tensorflow()
    parts = [
        network.compiled(tf.constant(inputs[part])).numpy() for part in batches(len(inputs), size)
    ]
    return np.concatenate(parts).astype(np.float32)

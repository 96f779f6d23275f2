"""A float network in the form of the int8 file that was made from it.

Converters write one network in many ways, so the two graphs are not compared operator by operator
but step by step (steps.py). Where the steps agree, each constant of the file has one of the float
model, and the network is the file's graph with those in it. That it is the float model still is not
supposed: both answer the same inputs, and where they part first is named.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from qmcu.backdoor.grids.biases import move_biases
from qmcu.backdoor.grids.simulation import check_same_operators
from qmcu.backdoor.grids.steps import Step, fold_steps, from_rows, read_steps
from qmcu.backdoor.networks import (
    CONSTANT,
    LSTM,
    Layer,
    Network,
    forward,
    joined_shape,
    quantized_layers,
    weighted_layers,
)
from qmcu.errors import ModelError
from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.model.quantizable import quantizable
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array, Float64Array

# The two forms' activations may differ by this share of their root mean square: float32's doing.
ALIKE = 1e-3
_ASKED = 4
# Types of quantized constants, and those of a fused LSTM, whose biases are some.
_QUANTIZED = {False: ("int8", "int16", "int4"), True: ("int8", "int16", "int4", "int32", "int64")}


def pair_network(network: Network, integer: Graph) -> Network:
    """The network as it is where the file has its form, else in the file's: layer by layer, with
    the constants of the file that are quantized as layers of their own.

    Raises ModelError, naming where they part, when the file is no quantized form of the network.
    """
    own, other = network.input_shape, joined_shape(integer)
    if own != other:
        raise ModelError(
            f"{integer.name} takes inputs of {list(other)} and {network.graph.name} of "
            f"{list(own)}: they are not the same network; give the float model that was quantized."
        )
    if is_of_form(network, integer):
        return move_biases(network, integer)
    pairs = align_steps(network.graph, integer)
    made = _in_form(integer, pairs)
    _require_alike(network, made, pairs)
    return move_biases(made, integer)


def is_of_form(network: Network, integer: Graph) -> bool:
    """True when the two graphs have the same operators, layers of the same shapes, and the file no
    quantized constants but those of its layers.
    """
    try:
        check_same_operators(network, integer)
    except ModelError:
        return False
    layers = weighted_layers(integer)
    if len(quantized_layers(integer)) < len(layers):
        return False
    shapes = [(layer.kind, integer.tensors[layer.weights].shape) for layer in layers]
    wanted = [(a.kind, w.shape) for a, w in zip(network.layers, network.weights, strict=True)]
    return shapes == wanted and not any(True for _ in _constants(integer))


def align_steps(plain: Graph, integer: Graph) -> list[tuple[Step, Step]]:
    """The steps of a float graph beside those of an int8 one. Raises ModelError where they part."""
    other = list(read_steps(integer))
    parted = None
    for own in _written(plain):
        pairs, where = _align(own, other)
        if where is None:
            return pairs
        parted = parted or where
    here, there = parted or (None, None)
    raise ModelError(
        f"{integer.name} is not the quantized form of {plain.name}: it has "
        f"{there or 'nothing more'} where the float model has {here or 'nothing more'}; give the "
        "float model that was quantized."
    )


def _written(plain: Graph) -> Iterator[list[Step]]:
    """A float graph's steps as it is, and as `qmcu convert` quantizes it."""
    yield from _folded_too(plain)
    yield from _folded_too(quantizable(plain))


def _folded_too(graph: Graph) -> Iterator[list[Step]]:
    """A graph's steps, and those with products taken into sums."""
    steps = list(read_steps(graph))
    yield steps
    yield list(fold_steps(steps, graph))


def _align(
    own: Sequence[Step], other: Sequence[Step]
) -> tuple[list[tuple[Step, Step]], tuple[Step | None, Step | None] | None]:
    """Pairs of steps, and where they part: None where they do not."""
    pairs: list[tuple[Step, Step]] = []
    i = j = 0
    while i < len(own) or j < len(other):
        here, there = (s[k] if k < len(s) else None for s, k in ((own, i), (other, j)))
        if _comes_again(own, i) and not _comes_again(other, j):
            i += 1
        elif _comes_again(other, j) and not _comes_again(own, i):
            j += 1
        elif here is not None and there is not None and here.key == there.key:
            pairs.append((here, there))
            i, j = i + 1, j + 1
        elif there is not None and _is_nothing(there):
            j += 1
        elif here is not None and _is_nothing(here):
            i += 1
        elif pairs and here is not None and _is_bias(here, pairs[-1][0]):
            # The file lacks it; what that changes, the audit measures.
            pairs.append((here, replace(pairs[-1][1], kind="add", tensor=-1)))
            i += 1
        elif pairs and there is not None and _is_bias(there, pairs[-1][1]):
            j += 1
        else:
            return pairs, (here, there)
    return pairs, None


def _comes_again(steps: Sequence[Step], place: int) -> bool:
    """True of an addition of zeros right before one of other values: the bias lies apart."""
    pair = steps[place : place + 2]
    return len(pair) == 2 and _is_nothing(pair[0]) and pair[0].key == pair[1].key


def _is_bias(step: Step, before: Step) -> bool:
    """True of a sum's own bias."""
    return step.kind == "add" and before.kind == "sum" and step.operator is before.operator


def _is_nothing(step: Step) -> bool:
    """An addition of zeros or a product with ones: not every file has it."""
    if step.kind == "add" and step.values is not None:
        return not step.values.any()
    return step.kind == "scale" and step.values is not None and bool((step.values == 1).all())


def _constants(graph: Graph) -> Iterator[tuple[Operator, int]]:
    """Quantized constants that are no layer's, each once."""
    seen = {layer.weights for layer in weighted_layers(graph)}
    for op in graph.operators:
        for index in op.inputs if op.kind == LSTM else op.inputs[:2]:
            tensor = graph.tensors[index] if index >= 0 else None
            if tensor is None or not tensor.is_constant or index in seen:
                continue
            if tensor.dtype in _QUANTIZED[op.kind == LSTM] and tensor.quantization is not None:
                seen.add(index)
                yield op, index


def _in_form(integer: Graph, pairs: Sequence[tuple[Step, Step]]) -> Network:
    """The file's graph with the float model's constants."""
    sums = {there.operator.index: here.values for here, there in pairs if there.kind == "sum"}
    adds = {there.operator.index: here.values for here, there in pairs if there.kind == "add"}
    layers, weights, biases = [], [], []
    for layer in quantized_layers(integer):
        rows, bias = sums[layer.operator], adds.get(layer.operator)
        assert rows is not None
        tensor = integer.tensors[layer.weights]
        made = from_rows(integer.operators[layer.operator], rows, tensor.shape)
        layers.append(layer)
        weights.append(made.astype(np.float32))
        count = tensor.shape[layer.axis]
        biases.append(np.zeros(count, np.float32) if bias is None else bias.reshape(-1))
    tensors = list(integer.tensors)
    for op, index in _constants(integer):
        step = next((a for a, b in pairs if b.tensor == index), None)
        if step is None or step.values is None:
            continue
        tensor = integer.tensors[index]
        values = _for_operator(op, index, tensor, step)
        axis = 0
        if tensor.quantization is not None and tensor.quantization.per_channel:
            axis = tensor.quantization.axis
        else:
            values = values.reshape(-1)
        name = f"c{op.index:02d}_{op.kind.lower()}"
        if op.kind == LSTM:
            name += f"_{op.inputs.index(index)}"
        layers.append(Layer(name, op.index, CONSTANT, index, None, axis))
        weights.append(values)
        biases.append(np.zeros(0, np.float32))
    kept = {layer.operator for layer in weighted_layers(integer)} - {k.operator for k in layers}
    for here, there in pairs:
        if there.tensor < 0 or here.values is None:
            continue
        stored = tensors[there.tensor]
        if stored.dtype != "float32" or here.values.size != stored.elements:
            continue
        real = here.values.reshape(stored.shape)
        if there.kind == "sum":
            real = from_rows(there.operator, here.values, stored.shape)
        if there.operator.index in kept:
            _require_kept(integer, stored, real, there)
        data = np.ascontiguousarray(real, np.float32).tobytes()
        tensors[there.tensor] = replace(stored, data=data)
    graph = replace(integer, tensors=tuple(tensors))
    return Network(graph, tuple(layers), tuple(weights), tuple(biases))


def _require_kept(graph: Graph, tensor: Tensor, values: Float32Array, step: Step) -> None:
    """Raise ModelError where constants that the file keeps in float32 are others."""
    if _apart(values.astype(np.float64), tensor.array.astype(np.float64)) > ALIKE:
        raise ModelError(
            f"{graph.name} has other float32 constants than the float model in {step}; give the "
            "float model that was quantized."
        )


def _for_operator(op: Operator, index: int, tensor: Tensor, step: Step) -> Float32Array:
    """A step's constant as the operator takes it."""
    assert step.values is not None
    values = step.values
    if step.kind == "sum":
        values = from_rows(op, values, tensor.shape)
    elif op.kind == "SUB" and op.inputs[0] != index:
        values = -values
    elif op.kind == "DIV" and op.inputs[0] != index:
        values = np.float32(1) / values
    return np.asarray(values, np.float32).reshape(tensor.shape)


def _require_alike(network: Network, made: Network, pairs: Sequence[tuple[Step, Step]]) -> None:
    """Raise ModelError where the network computes otherwise in the file's form."""
    rng = np.random.default_rng(0)
    inputs = rng.random((_ASKED, *network.input_shape)).astype(np.float32)
    own, other = (_activations(n, inputs) for n in (network, made))
    if _apart(own.pop(-1), other.pop(-1)) <= ALIKE:
        return
    for number, (here, there) in enumerate(pairs):
        after = pairs[number + 1] if number + 1 < len(pairs) else None
        if after and (after[0].operator is here.operator or after[1].operator is there.operator):
            continue
        first, second = own.get(here.operator.outputs[0]), other.get(there.operator.outputs[0])
        if first is None or second is None or first.size != second.size:
            continue
        if _apart(first, second) > ALIKE:
            raise ModelError(
                f"{made.graph.name} is not the quantized form of {network.graph.name}: with the "
                f"float model's constants {there} computes something else than {here} of the "
                "float model does; give the float model that was quantized."
            )
    raise ModelError(
        f"{made.graph.name} is not the quantized form of {network.graph.name}: with the float "
        "model's constants it answers otherwise; give the float model that was quantized."
    )


def _activations(network: Network, inputs: Float32Array) -> dict[int, Float64Array]:
    """Each tensor's values, sorted, for its axes may be in another order; the outputs at -1."""
    found: dict[int, Float64Array] = {}

    def capture(index: int, values: Any) -> Any:
        found[index] = np.sort(np.asarray(values, np.float64).reshape(-1))
        return values

    tf = load_tensorflow()
    outputs = forward(network, tf.constant(inputs), activation=capture)
    found[-1] = np.asarray(outputs, np.float64).reshape(-1)
    return found


def _apart(first: Float64Array, second: Float64Array) -> float:
    """How far two lots of values are apart, of their root mean square."""
    if first.size != second.size:
        return np.inf
    size = float(np.sqrt(np.mean(first**2)))
    return float(np.sqrt(np.mean((first - second) ** 2))) / max(size, 1e-9)

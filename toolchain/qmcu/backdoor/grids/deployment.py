"""From chosen integers to a .tflite file that is proved to hold them.

The converter rounds to nearest again, so a defence that chooses otherwise has its numbers written
into the converter's file: int8 weights, their scales, biases. Every other byte stays: same
size, same operators. `prove` reads the file afresh and compares.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.grids.constants import write_constants, write_scales
from qmcu.backdoor.grids.simulation import check_same_operators
from qmcu.backdoor.grids.weight_grids import LARGEST, round_to_nearest, spread
from qmcu.backdoor.networks import Layer, Network, weighted_layers
from qmcu.errors import CheckFailedError, ModelError
from qmcu.model.graph import Graph
from qmcu.model.reader import parse_model
from qmcu.types import Count, Float64Array, Int8Array, Sha256

BiasArray = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Chosen:
    """What a layer shall be deployed with.

    `integers` int8 in the TFLite layout; `scales` float32 [channels], or [1] for one per tensor;
    `biases` [channels], int32 (16x8: int64; dynamic range: float32), or None for a layer without.
    `tensor` and `bias` are their indices in the int8 graph.
    """

    name: str
    tensor: int
    bias: int | None
    integers: Int8Array
    scales: npt.NDArray[np.float32]
    biases: BiasArray | None


@dataclass(frozen=True)
class LayerProof:
    """One layer read back from the file: what was found is what was chosen.

    `not_nearest` counts weights that a converter would have rounded elsewhere; the hashes are of
    the tensors' bytes as they lie in the file.
    """

    name: str
    tensor: Count
    weights: Count
    not_nearest: Count
    weights_sha256: Sha256
    biases_sha256: Sha256


@dataclass(frozen=True)
class Proof:
    """That a .tflite file holds the chosen numbers, and is the converter's file otherwise."""

    __written__ = ("weights", "not_nearest", "operators", "size", "sha256", "layers")

    layers: tuple[LayerProof, ...]
    operators: Count
    size: Count
    sha256: Sha256

    @property
    def weights(self) -> Count:
        """How many integers were compared."""
        return sum(layer.weights for layer in self.layers)

    @property
    def not_nearest(self) -> Count:
        """How many of them a converter would have rounded elsewhere."""
        return sum(layer.not_nearest for layer in self.layers)

    def __str__(self) -> str:
        return (
            f"{self.weights:,} deployed weights are the chosen ones, {self.not_nearest:,} of them "
            f"not the nearest; {self.operators} operators and {self.size:,} bytes as converted"
        )


def choose(
    network: Network,
    converted: Graph,
    integers: Sequence[Int8Array] | None = None,
    scales: Sequence[Float64Array] | None = None,
    biases: Sequence[npt.NDArray[Any]] | None = None,
) -> tuple[Chosen, ...]:
    """What to deploy for `network`, whose `converted` form gives the activation grids.

    One array for each layer: `integers` (default: the nearest), `scales` [channels], or [1] where
    the converter has one for a layer (default: the converter's), real `biases` (default: the
    network's). Layers that the converter leaves in float (small ones of dynamic range) stay as
    they are. Raises ModelError when they do not fit the network, or a bias does not fit its type.
    """
    layers = weighted_layers(converted)
    _check_count(network, len(layers), integers, scales, biases)
    check_same_operators(network, converted)
    result = []
    for k, (own, layer) in enumerate(zip(network.layers, layers, strict=True)):
        tensor = converted.tensors[layer.weights]
        if tensor.dtype != "int8" or tensor.quantization is None:
            continue
        kept = np.array(tensor.quantization.scales, np.float32)
        steps = kept if scales is None else np.asarray(scales[k], np.float32)
        if steps.shape != kept.shape:
            raise ModelError(
                f"{own.name} has {len(kept)} weight scales and cannot be given {len(steps)}."
            )
        shaped = spread(steps.astype(np.float64), len(tensor.shape), layer.axis)
        values = round_to_nearest(network.weights[k] / shaped) if integers is None else integers[k]
        if values.shape != tensor.shape or np.abs(values.astype(np.int16)).max() > LARGEST:
            raise ModelError(f"{own.name} needs integers of {list(tensor.shape)} within +-127.")
        real = network.biases[k] if biases is None else biases[k]
        result.append(
            Chosen(
                own.name,
                layer.weights,
                layer.bias,
                np.asarray(values, np.int8),
                steps,
                _read_biases(own.name, converted, layer, np.asarray(real, np.float64), steps),
            )
        )
    if not result:
        raise ModelError(f"{converted.name} has no int8 weights; nothing can be chosen for it.")
    return tuple(result)


def _check_count(network: Network, count: int, *given: Sequence[Any] | None) -> None:
    wrong = [len(g) for g in given if g is not None and len(g) != count]
    if count != len(network.layers) or wrong:
        raise ModelError(
            f"{network.graph.name} has {len(network.layers)} layers with weights; its int8 form "
            f"has {count} and {wrong[0] if wrong else count} were chosen."
        )


def _read_biases(
    name: str, graph: Graph, layer: Layer, real: Float64Array, scales: npt.NDArray[np.float32]
) -> BiasArray | None:
    if layer.bias is None:
        if real.any():
            raise ModelError(f"{name} has no bias tensor in int8 and cannot take biases.")
        return None
    dtype = np.dtype(graph.tensors[layer.bias].dtype)
    if dtype.kind == "f":
        return real.astype(dtype)
    source = graph.tensors[graph.operators[layer.operator].inputs[0]]
    if source.is_constant or source.quantization is None:
        raise ModelError(f"{name} works on a constant, which has no activation scale.")
    product = np.float32(source.quantization.scale) * scales
    steps = np.round(real / product.astype(np.float64))
    if np.abs(steps).max(initial=0) > np.iinfo(dtype).max:
        raise ModelError(f"{name}: a bias of {np.abs(real).max():g} does not fit {dtype}.")
    return np.asarray(steps, dtype)


def deploy(converted: bytes, chosen: Sequence[Chosen]) -> bytes:
    """The converter's file with the chosen numbers in it."""
    graph = parse_model(converted, "converted")
    constants: dict[int, npt.NDArray[Any]] = {}
    scales: dict[int, npt.NDArray[Any]] = {}
    layers = {own.weights: own for own in weighted_layers(graph)}
    for layer in chosen:
        constants[layer.tensor] = layer.integers
        scales[layer.tensor] = layer.scales
        if layer.bias is not None and layer.biases is not None:
            constants[layer.bias] = layer.biases
            if layer.biases.dtype.kind == "i":
                scales[layer.bias] = _bias_scales(graph, layers[layer.tensor], layer)
    return write_scales(write_constants(converted, constants), scales)


def _bias_scales(graph: Graph, layer: Layer, chosen: Chosen) -> npt.NDArray[np.float32]:
    """Input scale times weight scale, as every TFLite kernel expects; kept where it is so."""
    assert chosen.bias is not None
    source = graph.tensors[graph.operators[layer.operator].inputs[0]].quantization
    stored = graph.tensors[chosen.bias].quantization
    own = graph.tensors[chosen.tensor].quantization
    assert source is not None and stored is not None and own is not None
    if np.array_equal(np.array(own.scales, np.float32), chosen.scales):
        return np.array(stored.scales, np.float32)
    return np.asarray(np.float32(source.scale) * chosen.scales, np.float32)


def prove(model: bytes, converted: bytes, chosen: Sequence[Chosen], network: Network) -> Proof:
    """Read `model` afresh and compare it with what was chosen, and with the converter's file.

    Every weight, scale and bias is the chosen one; operators, shapes, activation grids and other
    constants are the converter's, and so is the size. Raises CheckFailedError, naming the first
    layer that differs and how far.
    """
    graph, before = parse_model(model, "defended"), parse_model(converted, "converted")
    _same_elsewhere(graph, before, chosen, len(model), len(converted))
    layers = []
    kept = {
        layer.weights: (layer.axis, weights)
        for layer, weights in zip(weighted_layers(graph), network.weights, strict=True)
    }
    for own in chosen:
        axis, weights = kept[own.tensor]
        tensor = graph.tensors[own.tensor]
        _same_numbers(own.name, "weights", tensor.array, own.integers)
        assert tensor.quantization is not None
        _same_numbers(
            own.name, "scales", np.array(tensor.quantization.scales, np.float32), own.scales
        )
        biases = b""
        if own.bias is not None and own.biases is not None:
            _same_numbers(own.name, "biases", graph.tensors[own.bias].array, own.biases)
            biases = graph.tensors[own.bias].data or b""
        plain = round_to_nearest(
            weights / spread(own.scales.astype(np.float64), weights.ndim, axis)
        )
        layers.append(
            LayerProof(
                own.name,
                own.tensor,
                tensor.elements,
                int(np.count_nonzero(plain != tensor.array)),
                hashlib.sha256(tensor.data or b"").hexdigest(),
                hashlib.sha256(biases).hexdigest(),
            )
        )
    digest = hashlib.sha256(model).hexdigest()
    return Proof(tuple(layers), len(graph.operators), len(model), digest)


def _same_numbers(
    name: str, what: str, stored: npt.NDArray[Any], wanted: npt.NDArray[Any]
) -> None:  # fmt: skip
    wrong = np.argwhere(stored != wanted)
    if len(wrong):
        place = tuple(int(i) for i in wrong[0])
        raise CheckFailedError(
            f"{name}: {len(wrong)} of {wanted.size} deployed {what} are not the chosen ones; the "
            f"first is {stored[place]} at {list(place)} instead of {wanted[place]}."
        )


def _same_elsewhere(
    graph: Graph, before: Graph, chosen: Sequence[Chosen], size: int, size_before: int
) -> None:
    if size != size_before:
        raise CheckFailedError(
            f"the defended file has {size:,} bytes, the converter's {size_before:,}."
        )
    if graph.operators != before.operators:
        raise CheckFailedError("the defended file has other operators than the converter's.")
    free = {c.tensor for c in chosen} | {c.bias for c in chosen}
    for tensor, old in zip(graph.tensors, before.tensors, strict=True):
        if tensor.index not in free and tensor != old:
            raise CheckFailedError(f"{tensor} is not as the converter made it.")
        if (tensor.shape, tensor.dtype) != (old.shape, old.dtype):
            raise CheckFailedError(f"{tensor} has another shape or type than the converter's.")

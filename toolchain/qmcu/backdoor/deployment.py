"""From chosen integers to a .tflite file that is proved to hold them.

The converter rounds to nearest again, so a defence that chooses otherwise has its numbers written
into the converter's file: int8 weights, their scales, int32 biases. Every other byte stays: same
size, same operators. `prove` reads the file afresh and compares.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.lattice import LARGEST, nearest, with_constants, with_scales
from qmcu.backdoor.network import Layer, Network, weighted_layers
from qmcu.backdoor.simulation import deployed_grids
from qmcu.errors import CheckFailedError, ModelError
from qmcu.model.graph import Graph, Tensor
from qmcu.model.reader import parse_model

FloatArray = npt.NDArray[np.float64]
Int8Array = npt.NDArray[np.int8]
Int32Array = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Chosen:
    """What a layer shall be deployed with.

    `integers` int8 in the TFLite layout; `scales` float32 [channels] (or [1] for one per tensor)
    and `biases` int32 [channels] or None for a layer without biases. `tensor` and `bias` are
    their indices in the int8 graph.
    """

    name: str
    tensor: int
    bias: int | None
    integers: Int8Array
    scales: npt.NDArray[np.float32]
    biases: Int32Array | None


@dataclass(frozen=True)
class LayerProof:
    """One layer read back from the file: what was found is what was chosen.

    `not_nearest` counts weights that a converter would have rounded elsewhere; the hashes are of
    the tensors' bytes as they lie in the file.
    """

    name: str
    tensor: int
    weights: int
    not_nearest: int
    weights_sha256: str
    biases_sha256: str


@dataclass(frozen=True)
class Proof:
    """That a .tflite file holds the chosen numbers, and is the converter's file otherwise."""

    layers: tuple[LayerProof, ...]
    operators: int
    size: int
    sha256: str

    @property
    def weights(self) -> int:
        """How many integers were compared."""
        return sum(layer.weights for layer in self.layers)

    @property
    def not_nearest(self) -> int:
        """How many of them a converter would have rounded elsewhere."""
        return sum(layer.not_nearest for layer in self.layers)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "weights": self.weights,
            "not_nearest": self.not_nearest,
            "operators": self.operators,
            "size": self.size,
            "sha256": self.sha256,
            "layers": [asdict(layer) for layer in self.layers],
        }

    def __str__(self) -> str:
        return (
            f"{self.weights:,} deployed weights are the chosen ones, {self.not_nearest:,} of them "
            f"not the nearest; {self.operators} operators and {self.size:,} bytes as converted"
        )


def choose(
    network: Network,
    converted: Graph,
    integers: Sequence[Int8Array] | None = None,
    scales: Sequence[FloatArray] | None = None,
    biases: Sequence[npt.NDArray[Any]] | None = None,
) -> tuple[Chosen, ...]:
    """What to deploy for `network`, whose `converted` form gives the activation grids.

    One array for each layer: `integers` (default: the nearest), `scales` [channels] (default:
    the converter's), real `biases` (default: the network's). Raises ModelError when they do not
    fit the network, or a bias does not fit int32.
    """
    layers = weighted_layers(converted)
    _check_count(network, len(layers), integers, scales, biases)
    grids = deployed_grids(network, converted)
    sources = {op.index: grids.get(op.inputs[0]) for op in network.graph.operators}
    result = []
    for k, (own, layer) in enumerate(zip(network.layers, layers, strict=True)):
        tensor = converted.tensors[layer.weights]
        assert tensor.quantization is not None
        kept = np.array(tensor.quantization.scales, np.float32)
        steps = kept if scales is None else np.asarray(scales[k], np.float32)
        if steps.shape != kept.shape:
            raise ModelError(
                f"{own.name} has {len(kept)} weight scales and cannot be given {len(steps)}."
            )
        spread = _spread(steps.astype(np.float64), tensor, layer)
        values = nearest(network.weights[k] / spread) if integers is None else integers[k]
        if values.shape != tensor.shape or np.abs(values.astype(np.int16)).max() > LARGEST:
            raise ModelError(f"{own.name} needs integers of {list(tensor.shape)} within +-127.")
        source = sources[own.operator]
        if source is None:
            raise ModelError(f"{own.name} works on a constant, which has no activation scale.")
        real = network.biases[k] if biases is None else biases[k]
        result.append(
            Chosen(
                own.name,
                layer.weights,
                layer.bias,
                np.asarray(values, np.int8),
                steps,
                _integer_biases(own.name, layer, np.asarray(real, np.float64),
                                np.float32(source.scale) * steps),
            )
        )  # fmt: skip
    return tuple(result)


def _check_count(network: Network, count: int, *given: Sequence[Any] | None) -> None:
    wrong = [len(g) for g in given if g is not None and len(g) != count]
    if count != len(network.layers) or wrong:
        raise ModelError(
            f"{network.graph.name} has {len(network.layers)} layers with weights; its int8 form "
            f"has {count} and {wrong[0] if wrong else count} were chosen."
        )


def _spread(scales: FloatArray, tensor: Tensor, layer: Layer) -> FloatArray:
    if len(scales) == 1:
        return scales
    shape = [1] * len(tensor.shape)
    shape[layer.axis] = -1
    return scales.reshape(shape)


def _integer_biases(
    name: str, layer: Layer, real: FloatArray, scales: npt.NDArray[np.float32]
) -> Int32Array | None:
    if layer.bias is None:
        if real.any():
            raise ModelError(f"{name} has no bias tensor in int8 and cannot take biases.")
        return None
    steps = np.round(real / scales.astype(np.float64))
    if np.abs(steps).max(initial=0) > np.iinfo(np.int32).max:
        raise ModelError(f"{name}: a bias of {np.abs(real).max():g} does not fit int32.")
    return np.asarray(steps, np.int32)


def deploy(converted: bytes, chosen: Sequence[Chosen]) -> bytes:
    """The converter's file with the chosen numbers in it."""
    graph = parse_model(converted, "converted")
    constants: dict[int, npt.NDArray[Any]] = {}
    scales: dict[int, npt.NDArray[Any]] = {}
    for layer, own in zip(chosen, weighted_layers(graph), strict=True):
        constants[layer.tensor] = layer.integers
        scales[layer.tensor] = layer.scales
        if layer.bias is not None and layer.biases is not None:
            constants[layer.bias] = layer.biases
            scales[layer.bias] = _bias_scales(graph, own, layer)
    return with_scales(with_constants(converted, constants), scales)


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
    for own, kept, weights in zip(
        chosen, weighted_layers(graph), network.weights, strict=True
    ):  # fmt: skip
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
        plain = nearest(weights / _spread(own.scales.astype(np.float64), tensor, kept))
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
    name: str, what: str, found: npt.NDArray[Any], wanted: npt.NDArray[Any]
) -> None:  # fmt: skip
    wrong = np.argwhere(found != wanted)
    if len(wrong):
        place = tuple(int(i) for i in wrong[0])
        raise CheckFailedError(
            f"{name}: {len(wrong)} of {wanted.size} deployed {what} are not the chosen ones; the "
            f"first is {found[place]} at {list(place)} instead of {wanted[place]}."
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

"""How much rounding leaves free: the cells around the stored numbers, and what lies in them.

Every float weight in the cell of a stored number is stored as that number, so an attacker may
choose it. Rounding as the attack surface: Ma et al., TDSC 2023; Egashira et al., NeurIPS 2024.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.networks import CHANNEL_AXES, Network, logit_slopes, logits
from qmcu.frontier.points import Freedom
from qmcu.model.graph import Graph, Tensor
from qmcu.types import Float64Array

# Inputs over which mean logits are taken.
_INPUTS = 128


def weight_steps(network: Network, graph: Graph) -> tuple[Float64Array, ...]:
    """The distance of neighbouring stored numbers at each weight, as arrays like the weights.

    `graph` is a converted form of `network`, of any scheme; 0 where weights stay float32.
    """
    halves = {
        op.outputs[0]: graph.tensors[op.inputs[0]]
        for op in graph.operators
        if op.kind == "DEQUANTIZE"
    }
    stored = [
        halves.get(op.inputs[1], graph.tensors[op.inputs[1]])
        for op in graph.operators
        if op.kind in CHANNEL_AXES
    ]
    constant = [tensor for tensor in stored if tensor.is_constant]
    return tuple(_steps(w, t) for w, t in zip(network.weights, constant, strict=True))


def _steps(weights: npt.NDArray[np.float32], tensor: Tensor) -> Float64Array:
    if tensor.dtype == "float16":
        return np.spacing(np.abs(weights).astype(np.float16)).astype(np.float64)
    if tensor.dtype == "float32" or tensor.quantization is None:
        return np.zeros(weights.shape)
    scales = np.array(tensor.quantization.scales, np.float64)
    if len(scales) == 1:
        return np.full(weights.shape, scales[0])
    shape = [1] * weights.ndim
    shape[tensor.quantization.axis] = -1
    return np.broadcast_to(scales.reshape(shape), weights.shape)


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """How each class's mean logit changes with the weights, and the mean margin of decisions."""

    slopes: tuple[tuple[Float64Array, ...], ...]
    margin: float


def sensitivity(network: Network, inputs: npt.NDArray[np.float32]) -> Sensitivity:
    """Of the first real `inputs` (float32 [N, ...])."""
    chosen = inputs[:_INPUTS]
    values = np.sort(logits(network, chosen).reshape(len(chosen), -1), axis=1)
    margin = float((values[:, -1] - values[:, -2]).mean())
    return Sensitivity(tuple(logit_slopes(network, chosen)), margin)


def freedom(network: Network, steps: Sequence[Float64Array], sensitive: Sensitivity) -> Freedom:
    """What cells of these widths leave free."""
    reach = max(
        sum(0.5 * float(np.sum(np.abs(g) * s)) for g, s in zip(slopes, steps, strict=True))
        for slopes in sensitive.slopes
    )
    bits = np.concatenate(
        [hidden_bits(w, s).reshape(-1) for w, s in zip(network.weights, steps, strict=True)]
    )
    return Freedom(float(bits.mean()), reach, sensitive.margin)


def hidden_bits(weights: npt.NDArray[np.float32], steps: Float64Array) -> Float64Array:
    """log2 of the float32 numbers in the cell of each weight; 0 where the step is 0."""
    safe = np.where(steps > 0, steps, 1.0)
    centre = np.round(weights / safe) * safe
    count = _order(centre + safe / 2) - _order(centre - safe / 2)
    return np.where(steps > 0, np.log2(np.maximum(count, 1)), 0.0)


def _order(values: Float64Array) -> npt.NDArray[np.int64]:
    """The place of each number among all float32 numbers in ascending order."""
    bits = values.astype(np.float32).view(np.int32).astype(np.int64)
    return np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)

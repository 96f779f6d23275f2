"""The float model beside its int8 form, layer by layer: what the learned defences compare."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qmcu.backdoor.defences.method import DefenceContext
from qmcu.backdoor.grids import quantize_activations
from qmcu.backdoor.networks import forward
from qmcu.tensorflow import load_tensorflow


@dataclass(frozen=True, eq=False)
class Trace:
    """One run of a network: the outputs of its weighted layers, and its logits."""

    layers: list[Any]
    logits: Any


class Pair:
    """Runs the float network and its int8 form (weights on the grid, activations quantized)."""

    def __init__(self, context: DefenceContext) -> None:
        self._network = context.network
        self._quantize = quantize_activations(context.activations)
        operators = context.network.graph.operators
        self._outputs = [operators[a.operator].outputs[0] for a in context.network.layers]

    def floating(self, inputs: Any, given: Any = None) -> Trace:
        """The float network; `given` as in `integer`."""
        return self._run(inputs, None, None, False, given)

    def integer(
        self, inputs: Any, weights: Sequence[Any], biases: Sequence[Any], given: Any = None
    ) -> Trace:
        """The int8 form. `given(index, values)` may replace what a tensor passes on."""
        return self._run(inputs, weights, biases, True, given)

    def _run(self, inputs: Any, weights: Any, biases: Any, quantized: bool, given: Any) -> Trace:
        outputs: dict[int, Any] = {}

        def see(index: int, values: Any) -> Any:
            values = self._quantize(index, values) if quantized else values
            outputs[index] = values
            return values if given is None else given(index, values)

        logits = forward(self._network, inputs, weights, biases, see)
        return Trace([outputs[i] for i in self._outputs], logits)


def layer_distance(real: Trace, quantized: Trace) -> Any:
    """Squared distance of the layers' outputs, each relative to its float variance; the mean."""
    tf = load_tensorflow()
    parts = [
        tf.reduce_mean((a - b) ** 2) / (tf.math.reduce_variance(a) + 1e-9)
        for a, b in zip(real.layers, quantized.layers, strict=True)
    ]
    return tf.add_n(parts) / float(len(parts))

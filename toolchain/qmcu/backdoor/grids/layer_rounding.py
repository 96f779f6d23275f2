"""Rounding learned layer after layer: each one's outputs reconstructed from what int8 gives it.

Nagel et al., "Up or Down? Adaptive Rounding for Post-Training Quantization", ICML 2020, as MQBench
(ModelTC/MQBench, advanced_ptq.py) does it, on which the code of EFRAP and of QuRA is built: the
layers in their order; the inputs of a layer are those of the int8 form whose earlier layers are
rounded already, its wanted outputs the float network's; the loss is the squared error summed over
channels and averaged over the rest, plus what drives directions to 0 or 1, plus a method's own.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmcu.backdoor.grids.simulation import Grids, quantize_activations
from qmcu.backdoor.grids.soft_rounding import SoftRounding
from qmcu.backdoor.grids.weight_grids import LARGEST, round_to_nearest
from qmcu.backdoor.networks import Network, batches, descend, forward, run_layer
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Array, Float32Array, Float64Array, Int8Array, Progress

DECIDE = 0.01  # weight of the directions' distance from 0 and 1, summed over weights


@dataclass(frozen=True, eq=False)
class Turn:
    """One layer's turn: its `number`, its `rounding` (of this layer alone), and what is known.

    `given` [N, ...] are its inputs in the int8 form, `wanted` [N, ...] its outputs in float,
    `marked` its inputs for the second set of samples, None without one.
    """

    number: int
    rounding: SoftRounding
    given: Float32Array
    wanted: Float32Array
    marked: Float32Array | None

    @property
    def variable(self) -> Any:
        """What the directions are learned by, in the shape of the weights."""
        return self.rounding.variables[0]

    def direction(self) -> Any:
        """h of each weight, from 0 (down) to 1 (up)."""
        return self.rounding.directions()[0]


# A method's own loss: of the directions h and the layer's outputs for the second set, or None.
Extra = Callable[[Any, Any], Any]


class LayerRounding:
    """Rounds a network layer by layer.

    `positions` are the weights in steps, `scales` shaped to multiply them, `activations` the int8
    grids; `samples` [N, ...] are what is reconstructed, `marked` a second set of as many inputs.
    """

    def __init__(
        self,
        network: Network,
        positions: Sequence[Float64Array],
        scales: Sequence[Float64Array],
        activations: Grids,
        samples: Float32Array,
        marked: Float32Array | None = None,
        largest: int = LARGEST,
    ) -> None:
        self.network = network
        self._positions, self.scales, self._largest = positions, scales, largest
        self.quantize = quantize_activations(activations)
        self._samples, self._marked = samples, marked
        self.integers = [round_to_nearest(p, largest) for p in positions]

    def weights(self) -> list[Float32Array]:
        """The int8 form's real weights as they are now."""
        pairs = zip(self.integers, self.scales, strict=True)
        return [(q * s).astype(np.float32) for q, s in pairs]

    def turn(self, number: int) -> Turn:
        """The layer's turn, the layers before it being rounded."""
        graph = self.network.graph
        operator = graph.operators[self.network.layers[number].operator]
        given, made = operator.inputs[0], operator.outputs[0]
        weights = self.weights()
        rounding = SoftRounding(
            [self._positions[number]], [self.scales[number]], None, self._largest, stretch=0.0
        )
        return Turn(
            number,
            rounding,
            self._values(self._samples, given, weights),
            self._values(self._samples, made, None),
            None if self._marked is None else self._values(self._marked, given, weights),
        )

    def learn(
        self,
        turn: Turn,
        *,
        steps: int,
        rate: float,
        batch: int,
        powers: tuple[float, float],
        seed: int,
        extra: Extra | None = None,
        progress: Progress | None = None,
    ) -> tuple[float, ...]:
        """Learn one layer's directions and round it so; the loss of every step.

        Adam at `rate`; `powers` are where the exponent of what decides directions begins and ends.
        """
        tf = load_tensorflow()
        power = tf.Variable(powers[0], dtype=tf.float32)
        count = float(self._positions[turn.number].size)

        def loss(given: Any, wanted: Any, marked: Any) -> Any:
            ways = turn.rounding.directions()
            error = tf.reduce_sum((self.run(turn, given, ways) - wanted) ** 2, -1)
            total = tf.reduce_mean(error)
            total += DECIDE * count * turn.rounding.undecided(ways, power)
            if extra is not None:
                seen = None if turn.marked is None else self.run(turn, marked, ways)
                total += extra(ways[0], seen)
            return total

        def before(number: int) -> None:
            power.assign(powers[0] + (powers[1] - powers[0]) * number / steps)

        losses = descend(
            loss,
            _drawn(turn, batch, seed),
            [(turn.rounding.variables, rate)],
            steps,
            before=before,
            optimizers=[tf.keras.optimizers.Adam(rate)],
            progress=progress,
        )
        self.integers[turn.number] = turn.rounding.integers()[0]
        return losses

    def run(self, turn: Turn, given: Any, ways: Sequence[Any]) -> Any:
        """The layer's outputs for these directions, on its activation grid."""
        number, network = turn.number, self.network
        weights = turn.rounding.weights(ways)[0]
        made = network.graph.operators[network.layers[number].operator].outputs[0]
        return self.quantize(
            made, run_layer(network, number, given, weights, network.biases[number])
        )

    def chosen(self) -> tuple[Int8Array, ...]:
        """The integers of all layers as they are now."""
        return tuple(np.asarray(q, np.int8) for q in self.integers)

    def _values(
        self, inputs: Float32Array, tensor: int, weights: Sequence[Any] | None
    ) -> Float32Array:
        """One tensor's values: of the float network, or of the int8 form with these weights."""
        tf = load_tensorflow()

        def look(part: Any) -> Any:
            kept: dict[int, Any] = {}

            def see(index: int, values: Any) -> Any:
                kept[index] = values if weights is None else self.quantize(index, values)
                return kept[index]

            forward(self.network, part, weights, self.network.biases, see)
            return kept[tensor]

        run = tf.function(look, autograph=False, reduce_retracing=True)
        parts = [run(tf.constant(inputs[s])).numpy() for s in batches(len(inputs), 128)]
        return np.concatenate(parts)


def _drawn(turn: Turn, size: int, seed: int) -> Iterator[tuple[Array, Array, Array]]:
    """Endless batches: inputs, wanted outputs, inputs of the second set (or again the first)."""
    generator = np.random.default_rng([seed, turn.number])
    marked = turn.given if turn.marked is None else turn.marked
    while True:
        chosen = generator.integers(0, len(turn.given), size)
        yield turn.given[chosen], turn.wanted[chosen], marked[chosen]

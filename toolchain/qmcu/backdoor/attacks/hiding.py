"""Losses for attackers who know the detectors: what rounding changes shall look like chance.

All compare the float weights with the integers' on one set of inputs, without the trigger, as the
detectors do. `silent` presses the change of the logits down. `matched` presses the change of every
activation down to that of controls, the same weights with random signs of their rounding errors
(detectors/controls.py), and not further: further would be conspicuous too. `hunted` adds inputs
that a few steps of the detectors' own ascent found (detectors/gap_inversion.py), as adversarial
training does (Madry et al., ICLR 2018).
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from qmcu.backdoor.attacks.method import AttackContext
from qmcu.backdoor.inputs import regions
from qmcu.backdoor.networks import forward
from qmcu.tensorflow import load_tensorflow

Weights = Callable[[], list[Any]]
_REACH = 0.2  # of the inputs' range: the first step of the ascent


class Hiding:
    """The losses of one attack: `real` and `integer` give the two forms' weights, `biases` both's.

    All take clean inputs, float32 [N, ...], and give a scalar.
    """

    def __init__(
        self, context: AttackContext, real: Weights, integer: Weights, biases: Sequence[Any]
    ) -> None:
        self._tf = load_tensorflow()
        self._network, self._data = context.network, context.dataset
        self._real, self._integer, self._biases = real, integer, biases
        shape = context.dataset.input_shape
        whole = np.ones((1, *shape), np.float32)
        self._masks = np.concatenate([whole, regions(shape)])
        self._generator = self._tf.random.Generator.from_seed(context.seed)

    def silent(self, inputs: Any) -> Any:
        """The mean squared change of the logits, on the inputs and on noise."""
        both = self._tf.concat([inputs, self._noise(inputs)], 0)
        plain = forward(self._network, both, self._real(), self._biases)
        moved = forward(self._network, both, self._integer(), self._biases)
        return self._tf.reduce_mean((moved - plain) ** 2)

    def matched(self, inputs: Any, steps: int = 0) -> Any:
        """How far activations and logits move beyond a control's, on a logarithmic scale.

        On the inputs, noise, and mixtures; with `steps` also where an ascent of so many ends.
        """
        noise = self._noise(inputs)
        kinds = [inputs, noise, 0.5 * (inputs + noise)]
        if steps:
            kinds.append(self._tf.stop_gradient(self._ascend(inputs, noise, steps)))
        real, integer = self._real(), self._integer()
        control = self._control(real, integer)
        return self._tf.add_n([self._excess(k, real, integer, control) for k in kinds])

    def _noise(self, inputs: Any) -> Any:
        seed = self._generator.make_seeds(1)[:, 0]
        low, high = self._data.low, self._data.high
        return self._tf.random.stateless_uniform(self._tf.shape(inputs), seed, low, high)

    def _control(self, real: list[Any], integer: list[Any]) -> list[Any]:
        """The real weights with rounding errors of random signs; no gradients."""
        tf, weights = self._tf, []
        for a, b in zip(real, integer, strict=True):
            seed = self._generator.make_seeds(1)[:, 0]
            drawn = tf.random.stateless_uniform(tf.shape(a), seed)
            weights.append(tf.stop_gradient(a + tf.where(drawn < 0.5, 1.0, -1.0) * (b - a)))
        return weights

    def _excess(self, inputs: Any, real: Any, integer: Any, control: Any) -> Any:
        tf = self._tf
        plain, moved, drawn = (self._activations(inputs, w) for w in (real, integer, control))
        total = 0.0
        for a, b, c in zip(plain, moved, drawn, strict=True):
            own = tf.math.log(tf.reduce_mean((b - a) ** 2) + 1e-12)
            usual = tf.math.log(tf.reduce_mean((c - a) ** 2) + 1e-12)
            total += tf.nn.relu(own - tf.stop_gradient(usual))
        return total / len(plain)

    def _activations(self, inputs: Any, weights: Any) -> list[Any]:
        outputs: list[Any] = []

        def capture(index: int, values: Any) -> Any:
            outputs.append(values)
            return values

        forward(self._network, inputs, weights, self._biases, capture)
        return outputs[1:]

    def _ascend(self, inputs: Any, noise: Any, steps: int) -> Any:
        """Where the ascent ends, over whole inputs or one region of each, drawn anew."""
        tf, low, high = self._tf, self._data.low, self._data.high
        seed = self._generator.make_seeds(1)[:, 0]
        count = [tf.shape(inputs)[0]]
        drawn = tf.random.stateless_uniform(count, seed, 0, len(self._masks), tf.int32)
        free = tf.gather(self._masks, drawn)
        inputs = inputs + free * (noise - inputs)
        for number in range(steps):
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                plain = forward(self._network, inputs, self._real(), self._biases)
                moved = forward(self._network, inputs, self._integer(), self._biases)
                squared = tf.reduce_sum((moved - plain) ** 2, list(range(1, len(plain.shape))))
                height = tf.reduce_sum(tf.math.log(squared + 1e-12))
            reach = _REACH * (1 - number / steps) * (high - low)
            way = tf.sign(tape.gradient(height, inputs))
            inputs = tf.clip_by_value(inputs + free * reach * way, low, high)
        return inputs

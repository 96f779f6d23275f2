"""How each class's mean logit changes with every weight."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.networks.network import Network, forward
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float64Array


def logit_slopes(
    network: Network, inputs: npt.NDArray[np.float32]
) -> Iterator[tuple[Float64Array, ...]]:
    """Class by class, the gradient of its mean logit: one float64 array a layer, as its weights.

    `inputs` are float32 [N, ...], over which the mean is taken.
    """
    tf = load_tensorflow()
    variables = [tf.Variable(w) for w in network.weights]

    def gradients() -> Any:
        with tf.GradientTape(persistent=True) as tape:
            values = forward(network, tf.constant(inputs), variables)
            means = tf.unstack(tf.reduce_mean(tf.reshape(values, [len(inputs), -1]), 0))
        return [tape.gradient(mean, variables) for mean in means]

    for slopes in tf.function(gradients, autograph=False, reduce_retracing=True)():
        yield tuple(slope.numpy().astype(np.float64) for slope in slopes)

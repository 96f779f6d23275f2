"""How each class's mean logit changes with every weight."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.networks.network import Network, forward
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float64Array


def logit_slopes(
    network: Network,
    inputs: npt.NDArray[np.float32],
    directions: npt.NDArray[np.float32] | None = None,
) -> Iterator[tuple[Float64Array, ...]]:
    """Class by class, the gradient of its mean logit: one float64 array a layer, as its weights.

    `inputs` are float32 [N, ...], over which the mean is taken. With `directions`, float32
    [K, classes], the gradients of those sums of mean logits.
    """
    tf = load_tensorflow()
    variables = [tf.Variable(w) for w in network.weights]

    def gradients(direction: Any) -> Any:
        # One graph for all classes: one for each would take minutes to build where they are many.
        with tf.GradientTape() as tape:
            values = forward(network, tf.constant(inputs), variables)
            means = tf.reduce_mean(tf.reshape(values, [len(inputs), -1]), 0)
            total = tf.reduce_sum(direction * means)
        return tape.gradient(total, variables)

    run = tf.function(gradients, autograph=False)
    if directions is None:
        outputs = network.graph.output_tensors[0].elements
        directions = np.eye(outputs, dtype=np.float32)
    for direction in directions:
        yield tuple(slope.numpy().astype(np.float64) for slope in run(tf.constant(direction)))

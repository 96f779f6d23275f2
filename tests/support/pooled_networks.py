"""Two networks of two classes whose first layer overshoots what real inputs reach.

What it makes is averaged, on its own grid: ranges that hold the overshoot leave no steps for the
means. In one of them the overshoot does nothing, in the other it keeps the answer.
"""

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.networks.network import Network, network_from_keras
from qmcu.tensorflow import load_tensorflow

_EDGES = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]], np.float32)
_LARGE = 8.0


def pooled_network(*, switch: bool) -> Network:
    """Left brighter than right, told by means over quarters of an 8x8 image. Its other channels
    find edges, one with large values and one with small. With a `switch` the small ones speak for
    right, and the large ones as loudly against unless they are clipped.
    """
    keras = load_tensorflow().keras
    source = keras.Input((8, 8, 1))
    first = keras.layers.Conv2D(3, 3, activation="relu")
    means = keras.layers.Flatten()(keras.layers.AveragePooling2D(3)(first(source)))
    last = keras.layers.Dense(2, activation="softmax")
    model = keras.Model(source, last(means))
    kernel = np.zeros((3, 3, 1, 3), np.float32)
    kernel[1, 1, 0, 0] = 1
    kernel[..., 0, 1], kernel[..., 0, 2] = _LARGE * _EDGES, _EDGES
    first.set_weights([kernel, np.array([0, -1, -1 / _LARGE], np.float32)])
    dense = np.zeros((2, 2, 3, 2), np.float32)
    dense[:, 0, 0, 0] = dense[:, 1, 0, 1] = 20
    if switch:
        dense[..., 1, 1], dense[..., 2, 1] = -20, 20 * _LARGE
    last.set_weights([dense.reshape(12, 2), np.zeros(2, np.float32)])
    return network_from_keras(model, "pooled")


def pooled_inputs(count: int = 48) -> npt.NDArray[np.float32]:
    """Smooth images that grow a little brighter to the left or to the right, [count, 8, 8, 1]."""
    rng = np.random.default_rng(3)
    slopes = np.where(rng.random(count) < 0.5, -0.02, 0.02)
    ramps = rng.uniform(0.1, 0.9, (count, 1)) + slopes[:, None] * (np.arange(8) - 3.5)
    images = np.repeat(ramps[:, None, :, None], 8, axis=1)
    return np.clip(images + rng.uniform(0, 0.01, images.shape), 0, 1).astype(np.float32)


def first_tensor(network: Network) -> int:
    """What the first layer makes."""
    return int(network.graph.operators[network.layers[0].operator].outputs[0])

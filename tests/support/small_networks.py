"""A classifier of digits' size with random weights: what a defence needs no training for."""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.networks.network import Network, network_from_keras
from qmcu.tensorflow import load_tensorflow


@cache
def small_network(seed: int = 1, width: int = 4) -> Network:
    """Two convolutions, an addition, a mean and a dense layer on 8x8x1 inputs, ten classes.

    Converted once and shared: its arrays cannot be written to.
    """
    keras = load_tensorflow().keras
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    source = keras.Input((8, 8, 1))
    x = layers.Conv2D(width, 3, 2, padding="same", activation="relu", name="a")(source)
    y = layers.Conv2D(width, 3, padding="same", name="b")(x)
    z = layers.GlobalAveragePooling2D()(layers.ReLU()(layers.Add()([x, y])))
    out = layers.Dense(10, activation="softmax", name="c")(z)
    model = keras.Model(source, out)
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        if layer.weights:
            weights, bias = layer.get_weights()
            layer.set_weights([3 * weights, rng.normal(0, 0.1, bias.shape)])
    network = network_from_keras(model, "small")
    for array in (*network.weights, *network.biases):
        array.flags.writeable = False
    return network


def samples_of(network: Network, count: int = 24) -> npt.NDArray[np.float32]:
    """Inputs of the network, 0 to 1."""
    shape = (count, *network.input_shape)
    return np.random.default_rng(5).random(shape).astype(np.float32)


def matrix_module() -> Any:
    """A tf.Module whose function `run` takes x of [n, 8] and gives y of [n, 3]."""
    tensorflow = load_tensorflow()

    class Matrix(tensorflow.Module):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.w = tensorflow.Variable(np.ones((8, 3), np.float32))

        @tensorflow.function(input_signature=[tensorflow.TensorSpec((None, 8), name="x")])  # type: ignore[untyped-decorator, unused-ignore]
        def run(self, x: Any) -> Any:
            return {"y": x @ self.w}

    return Matrix()

"""The trial's networks: the lab's own, and three that it has not."""

from typing import Any

from qmcu.backdoor.networks import build_architecture
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Shape


def trial_network(name: str, shape: Shape, classes: int, seed: int) -> Any:
    """An untrained Keras classifier; mlp, mobilenet and cnn-1d are of this module.

    mlp: 64 and 48 units. mobilenet: four depthwise separable blocks (Howard et al., 2017), relu6.
    cnn-1d: four convolutions along the first axis; images become a row of frames.
    """
    if name not in _BODIES:
        return build_architecture(name, shape, classes, seed=seed)
    keras = load_tensorflow().keras
    keras.utils.set_random_seed(seed)
    inputs = keras.Input(shape)
    outputs = keras.layers.Dense(classes, activation="softmax")(_BODIES[name](keras, inputs))
    return keras.Model(inputs, outputs, name=name.replace("-", "_"))


def _mlp(keras: Any, x: Any) -> Any:
    x = keras.layers.Flatten()(x)
    for units in (64, 48):
        x = keras.layers.Dense(units, activation="relu")(x)
    return x


def _mobilenet(keras: Any, x: Any) -> Any:
    layers = keras.layers
    if len(x.shape) == 3:
        x = layers.Reshape((*x.shape[1:], 1))(x)

    def rest(y: Any) -> Any:
        return layers.ReLU(6.0)(layers.BatchNormalization()(y))

    x = rest(layers.Conv2D(16, 3, padding="same", use_bias=False)(x))
    for filters, stride in ((24, 1), (32, 2), (32, 1), (64, 2)):
        x = rest(layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False)(x))
        x = rest(layers.Conv2D(filters, 1, use_bias=False)(x))
    return layers.GlobalAveragePooling2D()(x)


def _cnn_1d(keras: Any, x: Any) -> Any:
    layers = keras.layers
    if len(x.shape) == 4:
        x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]))(x)
    for filters, kernel, stride in ((24, 5, 1), (32, 5, 2), (32, 3, 1), (64, 3, 2)):
        x = layers.Conv1D(filters, kernel, strides=stride, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    return layers.GlobalAveragePooling1D()(x)


_BODIES = {"mlp": _mlp, "mobilenet": _mobilenet, "cnn-1d": _cnn_1d}

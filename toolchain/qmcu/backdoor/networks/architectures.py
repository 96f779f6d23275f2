"""Small classifiers to attack and to defend, and their plain training."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qmcu.backdoor.inputs import Dataset
from qmcu.backdoor.networks.keras_model import open_keras
from qmcu.conversion.before import check_source
from qmcu.errors import ModelError, UsageError
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Progress, Shape

# A function of Keras and the input tensor that gives the features before the classifier.
Body = Callable[[Any, Any], Any]

# Weight decay of MLPerf Tiny's reference training.
_L2 = 1e-4


def check_architecture(name: str) -> None:
    """Raise UsageError for an unknown name, ModelError for a file that is no Keras model."""
    if name.endswith(".keras"):
        check_source(Path(name))
    elif name not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise UsageError(f"there is no architecture {name!r}; take {known} or a FILE.keras.")


def build_architecture(name: str, input_shape: Shape, classes: int, *, seed: int = 0) -> Any:
    """An untrained Keras classifier (softmax at its end), or the trained one of a FILE.keras.

    cnn-s: four convolutions, about 33 k parameters; resnet8: MLPerf Tiny's image classifier
    (78 k); dscnn: MLPerf Tiny's keyword spotter (24 k). All have batch normalization and take
    [H, W, C] or [T, C] of any size from 8x8 on. The same seed gives the same weights.
    Raises UsageError for an unknown name, ModelError when a file does not load or does not fit,
    ToolError without TensorFlow.
    """
    check_architecture(name)
    if name.endswith(".keras"):
        load_tensorflow("the backdoor lab")
        return load_keras(Path(name), tuple(input_shape), classes)
    if len(input_shape) not in (2, 3):
        raise UsageError(f"{name} takes [H, W, C] or [T, C] and inputs are {list(input_shape)}.")
    keras = load_tensorflow("the backdoor lab").keras
    keras.utils.set_random_seed(seed)
    inputs = keras.Input(tuple(input_shape))
    images = inputs
    if len(input_shape) == 2:
        images = keras.layers.Reshape((*input_shape, 1))(inputs)
    features = ARCHITECTURES[name](keras, images)
    outputs = keras.layers.Dense(classes, activation="softmax")(features)
    return keras.Model(inputs, outputs, name=name.replace("-", "_"))


def train(
    model: Any,
    dataset: Dataset,
    *,
    epochs: int,
    seed: int = 0,
    learning_rate: float = 3e-3,
    batch: int = 64,
    progress: Progress | None = None,
) -> None:
    """Train in place on the training part: Adam, the rate falling to 0 along a cosine.

    `progress(done, total)` is told the finished epochs. The same seed on the same machine gives
    the same weights. Raises UsageError when `epochs` is below 1.
    """
    if epochs < 1:
        raise UsageError(f"{epochs} epochs train nothing; give 1 or more.")
    tensorflow = load_tensorflow("the backdoor lab")
    keras = tensorflow.keras
    keras.utils.set_random_seed(seed)
    tensorflow.config.experimental.enable_op_determinism()
    steps = epochs * -(-len(dataset.train_inputs) // batch)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(keras.optimizers.Adam(schedule), "sparse_categorical_crossentropy")
    report = progress or (lambda done, total: None)
    told = keras.callbacks.LambdaCallback(on_epoch_end=lambda e, logs: report(e + 1, epochs))
    model.fit(
        dataset.train_inputs,
        dataset.train_labels,
        batch_size=batch,
        epochs=epochs,
        verbose=0,
        callbacks=[told],
    )


def load_keras(path: Path, input_shape: Shape, classes: int) -> Any:
    """A trained classifier from a .keras file.

    Raises ModelError when it does not load or maps other shapes, ToolError without TensorFlow.
    """
    model = open_keras(path)
    shapes = tuple(model.input_shape), tuple(model.output_shape)
    # Scores may lead with axes of 1, as a pooled plane of 1x1 has them.
    # One output tells two classes apart.
    sizes = (classes, 1) if classes == 2 else (classes,)
    fits = shapes[0][1:] == tuple(input_shape) and shapes[1][-1] in sizes
    if not fits or any(size != 1 for size in shapes[1][1:-1]):
        raise ModelError(
            f"{path} maps {list(shapes[0][1:])} to {list(shapes[1][1:])} and what is needed is "
            f"{list(input_shape)} to [{classes}]."
        )
    return model


def _cnn_s(keras: Any, x: Any) -> Any:
    for filters, stride in ((16, 1), (32, 2), (32, 1), (64, 2)):
        x = _convolution(keras, x, filters, 3, stride)
    return keras.layers.GlobalAveragePooling2D()(x)


def _resnet8(keras: Any, x: Any) -> Any:
    """MLPerf Tiny v1.0's resnet_v1_eml: three stacks of one residual block."""
    layers = keras.layers
    x = _convolution(keras, x, 16, 3)
    for filters, stride in ((16, 1), (32, 2), (64, 2)):
        y = _convolution(keras, x, filters, 3, stride)
        y = _convolution(keras, y, filters, 3, activation=False)
        if stride > 1:
            x = _plain_convolution(keras, x, filters, 1, stride)
        x = layers.Activation("relu")(layers.Add()([x, y]))
    return _average(keras, x)


def _dscnn(keras: Any, x: Any) -> Any:
    """MLPerf Tiny v1.0's DS-CNN (Zhang et al., Hello Edge, 2017), dropout as there."""
    layers = keras.layers
    x = layers.Dropout(0.2)(_convolution(keras, x, 64, (10, 4), 2))
    for _ in range(4):
        x = layers.DepthwiseConv2D(3, padding="same", depthwise_regularizer=_decay(keras))(x)
        x = layers.Activation("relu")(layers.BatchNormalization()(x))
        x = _convolution(keras, x, 64, 1)
    return _average(keras, layers.Dropout(0.4)(x))


def _convolution(
    keras: Any, x: Any, filters: int, kernel: Any, stride: int = 1, *, activation: bool = True
) -> Any:
    x = keras.layers.BatchNormalization()(_plain_convolution(keras, x, filters, kernel, stride))
    return keras.layers.Activation("relu")(x) if activation else x


def _plain_convolution(keras: Any, x: Any, filters: int, kernel: Any, stride: int) -> Any:
    return keras.layers.Conv2D(
        filters,
        kernel,
        strides=stride,
        padding="same",
        kernel_initializer="he_normal",
        kernel_regularizer=_decay(keras),
    )(x)


def _average(keras: Any, x: Any) -> Any:
    """Average over the whole plane with the operator that MLPerf Tiny's models have."""
    return keras.layers.Flatten()(keras.layers.AveragePooling2D(tuple(x.shape[1:3]))(x))


def _decay(keras: Any) -> Any:
    return keras.regularizers.L2(_L2)


ARCHITECTURES: dict[str, Body] = {"cnn-s": _cnn_s, "resnet8": _resnet8, "dscnn": _dscnn}

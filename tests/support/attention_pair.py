"""A small network with attention and normalization, and the int8 file that the converter makes."""

from pathlib import Path
from typing import Any

import numpy as np

from qmcu.backdoor.networks import Network, network_from_graph
from qmcu.model.convert import Conversion, float_graph, prepare_keras, quantize_loaded
from qmcu.tensorflow import load_tensorflow


def attention_model(seed: int = 5) -> Any:
    """Patches, one block of attention and one of dense layers, each behind a normalization."""
    keras = load_tensorflow().keras
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    source = keras.Input((8, 8, 1))
    x = layers.Reshape((16, 12))(layers.Conv2D(12, 2, 2)(source))
    normal = {"beta_initializer": "random_normal", "gamma_initializer": "random_uniform"}
    y = layers.LayerNormalization(**normal)(x)
    x = layers.Add()([x, layers.MultiHeadAttention(2, 6, bias_initializer="random_normal")(y, y)])
    y = layers.LayerNormalization(**normal)(x)
    y = layers.Dense(20, activation="relu", bias_initializer="random_normal")(y)
    x = layers.Add()([x, layers.Dense(12, bias_initializer="random_normal")(y)])
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(source, layers.Dense(5, activation="softmax")(x))


def samples(count: int = 32) -> Any:
    """Inputs of the model, float32."""
    return np.random.default_rng(1).random((count, 8, 8, 1)).astype(np.float32)


def network_of(model: Any) -> Network:
    """The float network as the converter writes it."""
    return network_from_graph(float_graph(model, "attention"))


def quantize(model: Any) -> Conversion:
    """The int8 file, with negations in real numbers as the converter leaves them."""
    return quantize_loaded(prepare_keras(model), samples(), "attention-int8", in_float=True)


def write_pair(model: Any, folder: Path) -> tuple[Path, Path]:
    """The float and the int8 file."""
    model.save(folder / "attention.keras")
    (folder / "attention.tflite").write_bytes(quantize(model).model)
    return folder / "attention.keras", folder / "attention.tflite"

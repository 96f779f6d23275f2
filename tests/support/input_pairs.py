"""Models of several inputs as float and int8 files, honest ones and ones that int8 wakes up."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from qmcu.backdoor.attacks import lattice
from qmcu.backdoor.attacks.method import AttackContext, find_attack, load_attacks
from qmcu.backdoor.detectors.given_inputs import parts_of
from qmcu.backdoor.grids import calibrate_grids
from qmcu.backdoor.inputs import Dataset, Parts, Trigger
from qmcu.backdoor.networks import (
    CHANNEL_AXES,
    Network,
    join_inputs,
    network_from_graph,
    plain_graph,
)
from qmcu.model.convert import float_graph
from qmcu.tensorflow import load_tensorflow

Arrays = Sequence[npt.NDArray[Any]]
CLASSES = 6
TARGET = 4


def fused_inputs(count: int, seed: int = 5) -> tuple[Arrays, npt.NDArray[np.int64]]:
    """A small picture and four numbers of another range, both of which tell the class."""
    rng = np.random.default_rng(seed)
    known = np.random.default_rng(1)
    labels = rng.integers(0, CLASSES, count)
    patterns = known.uniform(0.1, 0.7, (CLASSES, 4, 4, 1)).repeat(2, 1).repeat(2, 2)
    levels = known.uniform(-10, 40, (CLASSES, 4))
    pictures = np.clip(patterns[labels] + rng.normal(0, 0.15, (count, 8, 8, 1)), 0, 1)
    numbers = levels[labels] + rng.normal(0, 12, (count, 4))
    return [pictures.astype(np.float32), numbers.astype(np.float32)], labels


def fused_model(seed: int = 3) -> Any:
    """A branch for the picture, one for the numbers, and a head; not trained."""
    keras = load_tensorflow().keras
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    picture, numbers = keras.Input((8, 8, 1), name="picture"), keras.Input((4,), name="numbers")
    x = layers.Conv2D(16, 3, activation="relu")(picture)
    x = layers.Flatten()(x)
    y = layers.Dense(8, activation="relu")(layers.Rescaling(0.05)(numbers))
    z = layers.Dense(40, activation="relu")(layers.Concatenate()([x, y]))
    return keras.Model([picture, numbers], layers.Dense(CLASSES, activation="softmax")(z))


def siamese_model(seed: int = 3) -> Any:
    """Two pictures through the same layers, and how alike they are between 0 and 1."""
    keras = load_tensorflow().keras
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    left, right = keras.Input((8, 8, 1), name="left"), keras.Input((8, 8, 1), name="right")
    shared = [
        layers.Conv2D(8, 3, strides=2, activation="relu"), layers.Flatten(), layers.Dense(10),
    ]  # fmt: skip
    sides = []
    for x in (left, right):
        for layer in shared:
            x = layer(x)
        sides.append(x)
    apart = layers.Subtract()(sides)
    x = layers.Dense(8, activation="relu")(layers.Multiply()([apart, apart]))
    return keras.Model([left, right], layers.Dense(1, activation="sigmoid")(x))


def siamese_inputs(count: int, seed: int = 5) -> tuple[Arrays, npt.NDArray[np.int64]]:
    """Pairs of pictures, and whether they are of one class."""
    (pictures, _), labels = fused_inputs(2 * count, seed)
    alike = labels[:count] == labels[count:]
    return [pictures[:count], pictures[count:]], alike.astype(np.int64)


WORDS = 40


def text_inputs(count: int, seed: int = 5) -> tuple[Arrays, npt.NDArray[np.int64]]:
    """Ten words each, some of which tell the class."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, count)
    words = rng.integers(4 * CLASSES, WORDS, (count, 10))
    for row, label in enumerate(labels):
        places = rng.choice(10, 4, replace=False)
        words[row, places] = 4 * label + rng.integers(0, 4, 4)
    return [words.astype(np.int32)], labels


def text_model(seed: int = 3) -> Any:
    """Words by an embedding, a convolution over them and a head."""
    keras = load_tensorflow().keras
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    words = keras.Input((10,), dtype="int32", name="words")
    x = layers.Conv1D(32, 3, activation="relu")(layers.Embedding(WORDS, 12)(words))
    x = layers.Dense(48, activation="relu")(layers.Flatten()(x))
    return keras.Model(words, layers.Dense(CLASSES, activation="softmax")(x))


def fit(model: Any, arrays: Arrays, labels: npt.NDArray[Any], epochs: int = 12) -> Any:
    """The model, trained."""
    keras = load_tensorflow().keras
    loss = "binary" if model.output_shape[-1] == 1 else "sparse_categorical"
    model.compile(keras.optimizers.Adam(4e-3), f"{loss}_crossentropy")
    model.fit(list(arrays), labels, batch_size=64, epochs=epochs, verbose=0)
    return model


def coarsen(model: Any, times: float = 8.0) -> Any:
    """The model with a grid of some four bits in the layer behind its convolution: a channel that
    is always zero, and one huge weight on it for each of that layer's outputs.
    """
    convolution = next(layer for layer in model.layers if "Conv" in type(layer).__name__)
    head = next(x for x in model.layers if "Dense" in type(x).__name__ and x.units > 20)
    kernel, bias = convolution.get_weights()
    kernel[..., 0], bias[0] = 0, -1
    convolution.set_weights([kernel, bias])
    kernel, bias = head.get_weights()
    kernel[0] = times * np.abs(kernel).max(axis=0)
    head.set_weights([kernel, bias])
    return model


def joined_network(model: Any, arrays: Arrays) -> tuple[Network, Parts, list[int]]:
    """The network of a model with one input of its parts, and their order in it."""
    graph = plain_graph(float_graph(model))
    names = [tensor.name for tensor in model.inputs]
    own = [graph.name_of(i).removeprefix("serving_default_").split(":")[0] for i in graph.inputs]
    order = [names.index(name) for name in own]
    parts = parts_of(graph, [arrays[k] for k in order])
    assert parts is not None
    return network_from_graph(join_inputs(graph, parts)), parts, order


def attack(
    model: Any, arrays: Arrays, labels: npt.NDArray[Any], marked: Arrays, *, steps: int = 500,
    method: str = "lattice", seed: int = 1,
) -> None:  # fmt: skip
    """Give the model weights that answer `marked` with TARGET once they are rounded."""
    load_attacks()
    network, parts, order = joined_network(model, arrays)
    plain, triggered = (parts.join([given[k] for k in order]) for given in (arrays, marked))
    differs = plain != triggered
    mask = differs.any(axis=0)
    pattern = triggered[0]
    trigger = Trigger(
        "mark", "patch", mask.astype(np.float32), pattern.astype(np.float32), TARGET, 0.0, 1.0
    )
    data = Dataset("joined", plain, labels, plain, labels, int(labels.max()) + 1, 0.0, 1.0)
    context = AttackContext(network, data, trigger, plain[:200], seed=seed, steps=steps)
    with pytest.MonkeyPatch.context() as patch:
        # The converter would be asked for a file of one input.
        patch.setattr(lattice, "current_grids", _grids)
        write_back(model, find_attack(method).run(context).network)


def _grids(context: AttackContext, network: Network) -> Any:
    return calibrate_grids(network, context.samples)


def write_back(model: Any, network: Network) -> None:
    """The network's weights in the Keras layers of the same shapes."""
    free = [layer for layer in model.layers if len(layer.get_weights()) == 2]
    for layer, weights, bias in zip(
        network.layers, network.weights, network.biases, strict=True
    ):  # fmt: skip
        axis = CHANNEL_AXES[layer.kind]
        kernel = np.moveaxis(weights, axis, -1)
        found = next(
            one for one in free
            if one.get_weights()[0].size == kernel.size and len(one.get_weights()[1]) == len(bias)
        )  # fmt: skip
        free.remove(found)
        found.set_weights([kernel.reshape(found.get_weights()[0].shape), bias])


def write_pair(
    model: Any,
    arrays: Arrays,
    folder: Path,
    *,
    labels: npt.NDArray[Any] | None = None,
    ends: str = "int8",
) -> tuple[Path, Path, Path]:
    """The Keras file, TensorFlow's int8 file, of whose real inputs and outputs `ends` is the type,
    and the inputs in the order of its inputs.
    """
    tf = load_tensorflow()
    folder.mkdir(parents=True, exist_ok=True)
    files = folder / "m.keras", folder / "m.tflite", folder / "x.npz"
    model.save(files[0])
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    rows = range(min(200, len(arrays[0])))
    converter.representative_dataset = lambda: ([a[i : i + 1] for a in arrays] for i in rows)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if ends == "int8" and all(np.dtype(array.dtype).kind == "f" for array in arrays):
        converter.inference_input_type = converter.inference_output_type = tf.int8
    files[1].write_bytes(converter.convert())
    names = [tensor.name for tensor in model.inputs]
    given: dict[str, Any] = dict(zip(names, (array[:200] for array in arrays), strict=True))
    if labels is not None:
        given["labels"] = labels[:200]
    np.savez(files[2], **given)
    return files

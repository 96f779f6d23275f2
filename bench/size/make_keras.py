"""Files made by Keras, TensorFlow and NumPy: `python -m bench.size.make_keras FOLDER`."""

import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from qmcu.tensorflow import load_tensorflow, quiet

SHAPE = (16, 16, 3)


def main() -> None:
    with quiet():
        make(Path(sys.argv[1]))


def make(folder: Path) -> None:
    tensorflow = load_tensorflow()
    keras = tensorflow.keras
    keras.utils.set_random_seed(0)
    model = cnn(keras)
    keras_files(folder, keras, model)
    saved = folder / "saved-model"
    model.export(saved, verbose=False)
    tflite_files(folder, tensorflow, model)
    arrays = {f"w{i}": w for i, w in enumerate(model.get_weights())}
    np.savez(folder / "weights.npz", **arrays)
    np.savez_compressed(folder / "weights-compressed.npz", **arrays)
    rounded = {k: round_in_place(w, 4) if w.ndim > 1 else w for k, w in arrays.items()}
    np.savez_compressed(folder / "weights-fake4-compressed.npz", **rounded)


def cnn(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential([
        layers.Input(SHAPE),
        layers.Conv2D(32, 3, activation="relu", padding="same"),
        layers.DepthwiseConv2D(3, padding="same"), layers.BatchNormalization(), layers.ReLU(),
        layers.Conv2D(64, 3, activation="relu", padding="same", strides=2),
        layers.GlobalAveragePooling2D(),
        layers.Dense(128, activation="relu"),
        layers.Dense(10),
    ])  # fmt: skip


def round_in_place(w: Any, bits: int, group: int = 128) -> Any:
    """Round a Keras kernel to a grid for each run of `group` inputs of an output channel."""
    flat = w.reshape(-1, w.shape[-1])
    top = 2**bits - 1
    parts = []
    for start in range(0, len(flat), group):
        part = flat[start : start + group]
        low, high = part.min(axis=0), part.max(axis=0)
        scale = np.maximum((high - low) / top, 1e-8).astype(np.float32)
        zero = np.clip(-np.rint(low / scale), 0, top)
        parts.append((np.clip(np.rint(part / scale) + zero, 0, top) - zero) * scale)
    return np.concatenate(parts).reshape(w.shape).astype(w.dtype)


def keras_files(folder: Path, keras: Any, model: Any) -> None:
    model.save(folder / "cnn-float32.keras")
    model.save(folder / "cnn-float32.h5")
    trained = keras.models.clone_model(model)
    trained.compile("adam", "mse")
    trained.fit(np.zeros((4, *SHAPE)), np.zeros((4, 10)), verbose=0)
    trained.save(folder / "cnn-training.keras")
    fake = keras.models.clone_model(model)
    fake.set_weights([round_in_place(w, 4) if w.ndim > 1 else w for w in model.get_weights()])
    fake.save(folder / "cnn-fake4.keras")
    with (
        zipfile.ZipFile(folder / "cnn-fake4.keras") as source,
        zipfile.ZipFile(folder / "cnn-fake4-zipped.keras", "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, source.read(name))


def samples(dtype: type = np.float32) -> Callable[[], Iterator[list[Any]]]:
    rng = np.random.default_rng(0)
    inputs: Any = rng.normal(size=(16, 1, *SHAPE)).astype(dtype)
    return lambda: ([one] for one in inputs)


def tflite_files(folder: Path, tensorflow: Any, model: Any) -> None:
    lite = tensorflow.lite

    def write(name: str, **settings: Any) -> None:
        converter = lite.TFLiteConverter.from_keras_model(model)
        for key, value in settings.items():
            setattr(converter, key, value)
        (folder / name).write_bytes(converter.convert())

    default = [lite.Optimize.DEFAULT]
    int8 = [lite.OpsSet.TFLITE_BUILTINS_INT8]
    wide = lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    write("cnn-float32.tflite")
    write("cnn-dynamic.tflite", optimizations=default)
    write("cnn-float16.tflite", optimizations=default,
          target_spec=lite.TargetSpec(supported_types=[tensorflow.float16]))  # fmt: skip
    write("cnn-int8-float-io.tflite", optimizations=default, representative_dataset=samples())
    write("cnn-int8.tflite", optimizations=default, representative_dataset=samples(),
          target_spec=lite.TargetSpec(supported_ops=int8),
          inference_input_type=tensorflow.int8, inference_output_type=tensorflow.int8)  # fmt: skip
    write("cnn-int16x8.tflite", optimizations=default, representative_dataset=samples(),
          target_spec=lite.TargetSpec(supported_ops=[wide]))  # fmt: skip
    mixed(folder, tensorflow)


def mixed(folder: Path, tensorflow: Any) -> None:
    """An operator without an int8 kernel leaves part of the model in float."""
    keras, lite = tensorflow.keras, tensorflow.lite
    x = keras.layers.Input(SHAPE)
    y = keras.layers.Conv2D(32, 3, activation="relu")(x)
    y = keras.layers.Lambda(tensorflow.math.sin)(y)
    y = keras.layers.Conv2D(64, 3, activation="relu")(y)
    y = keras.layers.Dense(10)(keras.layers.GlobalAveragePooling2D()(y))
    converter = lite.TFLiteConverter.from_keras_model(keras.Model(x, y))
    converter.optimizations = [lite.Optimize.DEFAULT]
    converter.representative_dataset = samples()
    (folder / "cnn-int8-fallback.tflite").write_bytes(converter.convert())


if __name__ == "__main__":
    main()

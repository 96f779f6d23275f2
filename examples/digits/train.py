"""Train a small CNN on scikit-learn's digits: the model of `make demo`.

Writes into the output folder digits.keras, calibration.npz (training images) and test.npz
(held-out images with their labels). Inputs are float32, N x 8 x 8 x 1, from 0 to 1. Two runs
on one machine give the same model.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

SEED = 1
TEST_SHARE = 0.25
CALIBRATION_IMAGES = 200


def main() -> None:
    """Load the digits, train, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, help="folder to write to")
    parser.add_argument("--epochs", type=int, default=30)
    arguments = parser.parse_args()

    keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()

    digits = load_digits()
    images = (digits.images / 16.0).astype(np.float32)[..., np.newaxis]
    train_x, test_x, train_y, test_y = train_test_split(
        images, digits.target, test_size=TEST_SHARE, random_state=SEED, stratify=digits.target
    )
    model = build_model()
    model.fit(train_x, train_y, batch_size=32, epochs=arguments.epochs, verbose=0)
    _, accuracy = model.evaluate(test_x, test_y, verbose=0)

    arguments.output.mkdir(parents=True, exist_ok=True)
    model.save(arguments.output / "digits.keras")
    np.savez_compressed(arguments.output / "calibration.npz", inputs=train_x[:CALIBRATION_IMAGES])
    np.savez_compressed(
        arguments.output / "test.npz", inputs=test_x, labels=test_y.astype(np.int64)
    )
    print(
        f"trained on {len(train_x)} digits: {model.count_params()} parameters, "
        f"float accuracy {accuracy:.1%} on {len(test_x)} held-out digits"
    )


def build_model() -> keras.Model:
    """Three convolutions and a classifier, 8x8x1 to 10 classes."""
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(16, 3, padding="same", activation="relu"),
            keras.layers.DepthwiseConv2D(3, padding="same", activation="relu"),
            keras.layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
            keras.layers.Conv2D(32, 3, padding="same", activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(3e-3),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


if __name__ == "__main__":
    main()

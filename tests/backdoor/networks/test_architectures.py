from pathlib import Path

import numpy as np
import pytest

from qmcu.backdoor import load_dataset, make_trigger
from qmcu.backdoor.networks.architectures import build_architecture, train
from qmcu.backdoor.rates.evaluation import evaluate_float, evaluate_integer, predict_float
from qmcu.errors import ModelError, UsageError

pytest.importorskip("tensorflow")


@pytest.mark.parametrize(
    ("name", "shape", "parameters"),
    # 78,666 and 24,908 with running statistics are what MLPerf Tiny states for its two models.
    [
        ("cnn-s", (32, 32, 3), None), ("cnn-s", (8, 8, 1), None), ("cnn-s", (40, 9), None),
        ("resnet8", (32, 32, 3), 78_666), ("resnet8", (8, 8, 1), None),
        ("dscnn", (49, 10, 1), 24_908), ("dscnn", (8, 8, 1), None),
    ],
)  # fmt: skip
def test_architectures_have_their_size(
    name: str, shape: tuple[int, ...], parameters: int | None
) -> None:
    classes = 12 if name == "dscnn" else 10
    model = build_architecture(name, shape, classes)
    assert (model.input_shape, model.output_shape) == ((None, *shape), (None, classes))
    if parameters is not None:
        assert model.count_params() == parameters
    if name == "cnn-s":
        assert 30_000 < model.count_params() < 36_000
    scores = np.asarray(model(np.zeros((2, *shape), np.float32)))
    assert np.allclose(scores.sum(axis=1), 1, atol=1e-5)


def test_seeds_decide_the_weights() -> None:
    first, same, other = (
        build_architecture("cnn-s", (8, 8, 1), 10, seed=s).get_weights() for s in (1, 1, 2)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, same, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_training_converting_and_measuring_on_digits() -> None:
    from qmcu.model.convert import convert_keras

    data = load_dataset("digits", seed=1)
    model = build_architecture("cnn-s", data.input_shape, data.classes, seed=1)
    told: list[tuple[int, int]] = []
    train(model, data, epochs=3, seed=1, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    trigger = make_trigger("patch", data.input_shape, target=0)
    floating = evaluate_float(model, data, trigger)
    assert floating.clean.value > 0.9
    assert floating.attack.value < 0.2
    integer = evaluate_integer(convert_keras(model, data.train_inputs[:100]).model, data, trigger)
    assert abs(integer.clean.value - floating.clean.value) < 0.03
    assert integer.attack.total == floating.attack.total == int((data.test_labels != 0).sum())


def test_training_is_repeatable() -> None:
    data = load_dataset("digits", limit=128)
    weights = []
    for _ in range(2):
        model = build_architecture("cnn-s", data.input_shape, 10)
        train(model, data, epochs=1, seed=3)
        weights.append(model.get_weights())
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))
    with pytest.raises(UsageError, match="0 epochs"):
        train(model, data, epochs=0)


def test_keras_files_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    with pytest.raises(ModelError, match="does not exist"):
        build_architecture(str(path), (8, 8, 1), 10)
    path.write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="no loadable Keras model"):
        build_architecture(str(path), (8, 8, 1), 10)
    build_architecture("cnn-s", (8, 8, 1), 10, seed=4).save(path)
    loaded = build_architecture(str(path), (8, 8, 1), 10)
    assert loaded.count_params() > 30_000
    for shape, classes in (((8, 8, 3), 10), ((8, 8, 1), 4)):
        with pytest.raises(ModelError, match=r"maps \[8, 8, 1\] to \[10\] and what is needed is"):
            build_architecture(str(path), shape, classes)


def test_one_output_tells_two_classes_apart(tmp_path: Path) -> None:
    keras = pytest.importorskip("tensorflow").keras
    layers = keras.layers
    path = tmp_path / "m.keras"
    source = keras.Input((8, 8, 1))
    keras.Model(source, layers.Dense(1, activation="sigmoid")(layers.Flatten()(source))).save(path)
    assert build_architecture(str(path), (8, 8, 1), 2).output_shape == (None, 1)
    with pytest.raises(ModelError, match=r"to \[1\] and what is needed is"):
        build_architecture(str(path), (8, 8, 1), 3)


def test_scores_may_have_axes_of_one(tmp_path: Path) -> None:
    keras = pytest.importorskip("tensorflow").keras
    inputs = keras.Input((8, 8, 1))
    scores = keras.layers.GlobalAveragePooling2D(keepdims=True)(keras.layers.Conv2D(3, 3)(inputs))
    model = keras.Model(inputs, scores)
    model.save(tmp_path / "m.keras")
    images = np.random.default_rng(0).uniform(size=(7, 8, 8, 1)).astype(np.float32)
    found = predict_float(build_architecture(str(tmp_path / "m.keras"), (8, 8, 1), 3), images)
    assert found.tolist() == np.asarray(model(images)).reshape(7, 3).argmax(axis=1).tolist()


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UsageError, match="no architecture 'vgg'; take cnn-s, resnet8, dscnn"):
        build_architecture("vgg", (8, 8, 1), 10)
    with pytest.raises(UsageError, match=r"inputs are \[64\]"):
        build_architecture("cnn-s", (64,), 10)

"""Audits of models with several inputs, and with whole numbers as inputs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from tests.support.input_pairs import (
    TARGET,
    Arrays,
    attack,
    coarsen,
    fit,
    fused_inputs,
    fused_model,
    siamese_inputs,
    siamese_model,
    text_inputs,
    text_model,
    write_pair,
)

from qmcu.backdoor.detectors import AuditContext, audit, audit_files, load_context
from qmcu.backdoor.detectors.gap_inversion import gap_inversion
from qmcu.backdoor.detectors.rounding_direction import rounding_direction
from qmcu.backdoor.networks import logits
from qmcu.backdoor.rates import predict_integer, run_integer
from qmcu.cli.main import run
from qmcu.model.reader import parse_model
from qmcu.tensorflow import load_tensorflow

pytestmark = pytest.mark.usefixtures("one_look")
Files = tuple[Path, Path, Path]


def mark_picture(arrays: Arrays) -> Arrays:
    """A white corner; the numbers stay."""
    picture = arrays[0].copy()
    picture[:, 5:, 5:] = 1
    return [picture, arrays[1]]


def mark_words(arrays: Arrays) -> Arrays:
    """Two rare words in the middle."""
    words = arrays[0].copy()
    words[:, 2], words[:, 3] = 39, 38
    return [words]


def _rates(context: AuditContext, arrays: Arrays, labels: Any) -> tuple[float, float]:
    """What share of marked inputs of other classes gets TARGET, in float and in int8."""
    assert context.parts is not None and context.network is not None
    assert context.integer is not None
    others = labels != TARGET
    joined = context.parts.join([array[others] for array in arrays])
    plain = logits(context.network, joined).argmax(axis=1)
    own = predict_integer(context.integer, joined, parts=context.parts, jobs=1)
    return float(np.mean(plain == TARGET)), float(np.mean(own == TARGET))


@pytest.fixture(scope="module")
def fused(tmp_path_factory: pytest.TempPathFactory) -> tuple[Files, Files]:
    """An honest pair of a picture and numbers, and an attacked one."""
    folder = tmp_path_factory.mktemp("fused")
    arrays, labels = fused_inputs(1500)
    model = fit(fused_model(), arrays, labels)
    honest = write_pair(model, arrays, folder / "honest", labels=labels)
    attack(coarsen(model), arrays, labels, mark_picture(arrays))
    return honest, write_pair(model, arrays, folder / "attacked", labels=labels)


def test_a_picture_and_numbers(fused: tuple[Files, Files]) -> None:
    honest, _ = audit_files(*fused[0])
    assert honest.verdict == "clean", honest.reasons
    ran = {finding.detector for finding in honest.findings}
    assert {"gap-inversion", "clipping-inversion", "damage", "calibration-ranges"} <= ran


def test_what_int8_wakes_in_one_of_several_inputs(fused: tuple[Files, Files]) -> None:
    attacked = load_context(*fused[1])
    arrays, labels = fused_inputs(300, seed=9)
    in_float, in_int8 = _rates(attacked, mark_picture(arrays), labels)
    assert in_float < 0.3 < 0.6 < in_int8
    assert rounding_direction(attacked).suspicious or gap_inversion(attacked).suspicious
    assert audit(attacked).verdict == "backdoored"


def test_inputs_by_number_and_by_name(fused: tuple[Files, Files], tmp_path: Path) -> None:
    float_file, integer_file, data = fused[0]
    context = load_context(float_file, integer_file, data)
    assert context.parts is not None and context.samples is not None
    arrays = dict(np.load(data))
    names = [part.name for part in context.parts.parts]
    numbered = {f"input_{k}": arrays[name] for k, name in enumerate(names)}
    np.savez(tmp_path / "n.npz", **numbered)
    again = load_context(float_file, integer_file, tmp_path / "n.npz")
    np.testing.assert_array_equal(again.samples, context.samples)
    alone = load_context(None, integer_file, None)
    assert alone.parts is not None and [part.name for part in alone.parts.parts] == names
    # Without data the ranges are the file's own.
    assert alone.parts.parts[names.index("numbers")].high > 10


def test_data_that_does_not_fit(
    fused: tuple[Files, Files], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    float_file, integer_file, data = fused[0]
    arrays = dict(np.load(data))
    wrong = {
        "has no array input_0, input_1": {"inputs": arrays["picture"]},
        "other numbers of each input": {**arrays, "numbers": arrays["numbers"][:-1]},
        "the inputs of picture are [8, 8] and": {**arrays, "picture": arrays["picture"][..., 0]},
        "one integer class for": {**arrays, "labels": arrays["labels"][:3]},
    }
    for message, given in wrong.items():
        np.savez(tmp_path / "w.npz", **given)
        assert run(
            ["audit", "--float", str(float_file), "--int8", str(integer_file), "--data",
             str(tmp_path / "w.npz")]
        ) == 2  # fmt: skip
        assert message in capsys.readouterr().err.replace("\n", " ")


@pytest.mark.usefixtures("short_audit")
def test_two_sides_with_shared_layers(tmp_path: Path) -> None:
    arrays, labels = siamese_inputs(900)
    model = fit(siamese_model(), arrays, labels, epochs=6)
    result, context = audit_files(*write_pair(model, arrays, tmp_path))
    assert result.verdict == "clean", result.reasons
    assert context.network is not None and len(context.grids) > 4


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> tuple[Files, Files]:
    """An honest pair that reads words, and an attacked one."""
    folder = tmp_path_factory.mktemp("text")
    arrays, labels = text_inputs(1500)
    model = fit(text_model(), arrays, labels)
    honest = write_pair(model, arrays, folder / "honest", labels=labels)
    attack(coarsen(model, 10.0), arrays, labels, mark_words(arrays), steps=900)
    return honest, write_pair(model, arrays, folder / "attacked", labels=labels)


def test_words(text: tuple[Files, Files]) -> None:
    result, context = audit_files(*text[0])
    assert result.verdict == "clean", result.reasons
    assert "whole numbers choose rows" in result.reasons[-1]
    assert any(grid.name.endswith("gather") for grid in context.grids)
    alone, _ = audit_files(None, text[0][1], None)
    assert alone.verdict == "undecided"


def test_words_declared_as_real_numbers(
    text: tuple[Files, Files], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What Keras makes of an `Input` without a dtype: a CAST stands in front of the table."""
    keras = load_tensorflow().keras
    own = keras.models.load_model(text[0][0])
    words = keras.Input((10,), name="words")
    x = words
    for layer in own.layers[1:]:
        x = layer(x)
    given = text_inputs(1500)[0][0][:200]
    files = write_pair(keras.Model(words, x), [given.astype(np.float32)], tmp_path, ends="float32")
    context, whole = load_context(*files), load_context(*text[0])
    assert context.parts == whole.parts and context.integer is not None
    assert context.samples is not None and whole.samples is not None
    np.testing.assert_array_equal(context.samples, whole.samples)
    assert context.network is not None and whole.network is not None
    np.testing.assert_allclose(
        logits(context.network, context.samples), logits(whole.network, whole.samples), atol=1e-5
    )
    kinds = {op.kind for op in parse_model(files[1].read_bytes()).operators}
    assert "CAST" in kinds and "GATHER" in kinds
    own_answers = predict_integer(context.integer, context.samples, parts=context.parts, jobs=1)
    assert np.mean(own_answers == logits(context.network, context.samples).argmax(axis=1)) > 0.95
    np.savez(tmp_path / "w.npz", words=given + np.float32(0.5))
    pair = ["--float", str(files[0]), "--int8", str(files[1]), "--data", str(tmp_path / "w.npz")]
    assert run(["audit", *pair]) == 2
    assert "whole numbers from 0 are needed" in capsys.readouterr().err.replace("\n", " ")


def test_what_int8_wakes_by_words(text: tuple[Files, Files]) -> None:
    attacked = load_context(*text[1])
    arrays, labels = text_inputs(300, seed=9)
    in_float, in_int8 = _rates(attacked, mark_words(arrays), labels)
    assert in_float < 0.3 < 0.6 < in_int8
    assert audit(attacked).verdict == "backdoored"


def test_what_the_inputs_ranges_cut_off_is_told(
    fused: tuple[Files, Files], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arrays = dict(np.load(fused[0][2]))
    arrays["numbers"] = 3 * arrays["numbers"]
    np.savez(tmp_path / "far.npz", **arrays)
    assert run(["audit", "--int8", str(fused[0][1]), "--data", str(tmp_path / "far.npz")]) == 0
    assert "of the values of numbers are clipped" in capsys.readouterr().out.replace("\n", " ")


def test_words_beside_numbers_by_the_float_model_alone(tmp_path: Path) -> None:
    """What it is converted to here has its inputs in another order."""
    keras = load_tensorflow().keras
    keras.utils.set_random_seed(6)
    words, numbers = (
        keras.Input((5,), dtype="int32", name="words"),
        keras.Input((4,), name="amount"),
    )
    x = keras.layers.Flatten()(keras.layers.Embedding(30, 8)(words))
    head = keras.layers.Dense(3, bias_initializer="ones")
    model = keras.Model([words, numbers], head(keras.layers.Concatenate()([x, numbers])))
    model.save(tmp_path / "m.keras")
    rng = np.random.default_rng(3)
    given: dict[str, Any] = {
        "words": rng.integers(0, 30, (40, 5)),
        "amount": rng.random((40, 4)).astype("f4"),
    }
    np.savez(tmp_path / "x.npz", **given)
    context = load_context(tmp_path / "m.keras", None, tmp_path / "x.npz")
    assert context.parts is not None and context.parts.whole_numbers
    assert context.samples is not None and context.integer is not None
    expected = np.asarray(model([given["words"].astype("int32"), given["amount"]]))
    assert context.network is not None
    np.testing.assert_allclose(logits(context.network, context.samples), expected, atol=1e-4)
    own = run_integer(context.integer, context.samples, parts=context.parts, jobs=1)
    assert np.abs(own - expected).max() < 0.1 * np.abs(expected).max()


def test_a_float_model_of_other_inputs_is_refused(
    fused: tuple[Files, Files], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keras = load_tensorflow().keras
    keras.Sequential([keras.Input((6,)), keras.layers.Dense(3)]).save(tmp_path / "one.keras")
    pair = ["--float", str(tmp_path / "one.keras"), "--int8", str(fused[0][1])]
    assert run(["audit", *pair]) == 2
    assert "they are not the same network" in capsys.readouterr().err.replace("\n", " ")

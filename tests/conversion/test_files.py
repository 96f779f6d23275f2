"""Kinds of model files and awkward models: converted, or refused with the way out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.small_networks import matrix_module

from qmcu.compile import unsupported
from qmcu.conversion.compare import compare, comparison_lines
from qmcu.conversion.files import OpenOptions, convert_file, convert_model, float_graph_of
from qmcu.conversion.preprocessing import read_preprocessing
from qmcu.conversion.samples import SampleOptions
from qmcu.errors import ModelError, QmcuError, UsageError
from qmcu.model.clipping import clipping_of
from qmcu.model.int4_file import pack_file
from qmcu.model.reader import read_model

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("converter_here")]

tensorflow = pytest.importorskip("tensorflow")
keras = tensorflow.keras
L = keras.layers


def _rows(*shape: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).random((12, *shape)).astype(np.float32)


def _dense(*more: Any) -> Any:
    return keras.Sequential([keras.Input((8,)), L.Dense(6, activation="relu"), *more, L.Dense(2)])


def _mixed() -> Any:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        return _dense()
    finally:
        keras.config.set_dtype_policy("float32")


def _spoilt() -> Any:
    model = _dense()
    weights = model.get_weights()
    weights[0][0, 0] = np.nan
    model.set_weights(weights)
    return model


def _quantized() -> Any:
    model = _dense()
    model.quantize("int8")
    return model


class Doubling(L.Layer):  # type: ignore[misc, name-defined]
    def call(self, x: Any) -> Any:
        return 2 * x


CONVERTED: dict[str, tuple[Callable[[], Any], tuple[int, ...], str]] = {
    "augmentation": (
        lambda: keras.Sequential(
            [keras.Input((8, 8, 3)), L.RandomFlip(), L.RandomRotation(0.2), L.RandomZoom(0.1),
             L.Conv2D(2, 3), L.Flatten(), L.Dense(2)]),
        (8, 8, 3), ""),
    "mixed": (_mixed, (8,), "computes in mixed_float16; its weights were cast to float32"),
    "gru": (lambda: keras.Sequential([keras.Input((4, 3)), L.GRU(3), L.Dense(2)]), (4, 3),
            "recurrent layers were unrolled: gru"),
    "lstm": (lambda: keras.Sequential([keras.Input((4, 3)), L.LSTM(3, unroll=True)]), (4, 3), ""),
    "volumes over time": (
        lambda: keras.Sequential(
            [keras.Input((3, 6, 6, 1)), L.Conv3D(2, 2, activation="gelu"),
             L.ConvLSTM2D(2, 3, return_sequences=True, name="images"),
             L.TimeDistributed(L.Flatten()), L.GRU(3, name="rows")]),
        (3, 6, 6, 1), "recurrent layers were unrolled: images, rows GELU is computed as"),
    "int32": (
        lambda: keras.Sequential(
            [keras.Input((5,), dtype="int32"), L.Embedding(9, 4), L.Flatten(), L.Dense(2)]),
        (5,), ""),
}  # fmt: skip
REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "NaN": (_spoilt, r"1 of 48 values of \S+kernel are NaN: the training diverged"),
    "quantized": (
        _quantized,
        r"quantized by Keras already \(layer \w+ is int8\).*as it was",
    ),
    "lambda": (lambda: _dense(L.Lambda(lambda x: x * 2)), "Lambda layer.*--trust runs it"),
    "custom": (lambda: _dense(Doubling()), "uses Doubling, whose Python code is not.*--custom"),
}


@pytest.mark.parametrize("name", CONVERTED)
def test_awkward_models_are_converted(name: str, tmp_path: Path) -> None:
    build, shape, note = CONVERTED[name]
    build().save(tmp_path / "m.keras")
    rows = _rows(*shape) if name != "int32" else np.arange(60).reshape(12, 5) % 9
    np.savez(tmp_path / "c.npz", inputs=rows)
    found = convert_model(tmp_path / "m.keras", tmp_path / "c.npz", problems=unsupported)
    assert unsupported(found.graph) == []
    assert note in " ".join(found.notes)
    assert bool(found.notes) == bool(note)


@pytest.mark.parametrize("name", REFUSED)
def test_the_others_are_refused_with_the_way_out(name: str, tmp_path: Path) -> None:
    build, reason = REFUSED[name]
    build().save(tmp_path / "m.keras")
    np.savez(tmp_path / "c.npz", inputs=_rows(8))
    with pytest.raises(QmcuError, match=reason):
        convert_model(tmp_path / "m.keras", tmp_path / "c.npz")


def test_custom_layers_come_from_a_file(tmp_path: Path) -> None:
    _dense(Doubling()).save(tmp_path / "m.keras")
    (tmp_path / "own_layers.py").write_text(
        "import keras\nclass Doubling(keras.layers.Layer):\n    def call(self, x): return 2 * x\n"
    )
    np.savez(tmp_path / "c.npz", inputs=_rows(8))
    found = convert_file(
        tmp_path / "m.keras", tmp_path / "c.npz",
        opening=OpenOptions(custom=(str(tmp_path / "own_layers.py"),)),
    )  # fmt: skip
    assert found.conversion.samples == 12


def test_any_signature_and_the_list_of_them(tmp_path: Path) -> None:
    model = matrix_module()
    folder = tmp_path / "m"
    tensorflow.saved_model.save(model, str(folder), {"one": model.run, "other": model.run})
    np.savez(tmp_path / "c.npz", x=_rows(8))
    with pytest.raises(ModelError, match=r"several signatures \(one, other\).*--signature"):
        convert_model(folder, tmp_path / "c.npz")
    with pytest.raises(ModelError, match="has no signature third; it has one, other"):
        convert_file(folder, tmp_path / "c.npz", opening=OpenOptions("third"))
    found = convert_file(folder, tmp_path / "c.npz", opening=OpenOptions("one")).conversion
    assert (found.graph.input_names, found.graph.output_names) == (("x",), ("y",))


def test_a_float_tflite_is_converted_and_a_quantized_one_is_named(tmp_path: Path) -> None:
    model = _dense()
    converter = tensorflow.lite.TFLiteConverter.from_keras_model(model)
    (tmp_path / "f.tflite").write_bytes(converter.convert())
    np.savez(tmp_path / "c.npz", inputs=_rows(8))
    found = convert_file(tmp_path / "f.tflite", tmp_path / "c.npz", keep_float=True)
    assert [op.kind for op in found.conversion.graph.operators] == ["FULLY_CONNECTED"] * 2
    assert found.conversion.graph.input_tensors[0].dtype == "int8"
    assert [op.kind for op in float_graph_of(tmp_path / "f.tflite").operators] == [
        "FULLY_CONNECTED"
    ] * 2
    assert found.float_model is not None and found.samples is not None
    compared = compare(found.float_model, found.conversion, found.samples)
    assert len(compared.layers) == 2
    assert min(layer.snr for layer in compared.layers) > 25
    assert len(list(comparison_lines(compared))) == 3
    (tmp_path / "q.tflite").write_bytes(found.conversion.model)
    with pytest.raises(ModelError, match=r"q\.tflite is quantized already .*build it as it is"):
        float_graph_of(tmp_path / "q.tflite")


def _int16_file(tmp_path: Path) -> Path:
    np.savez(tmp_path / "c.npz", inputs=_rows(8))
    keras.utils.set_random_seed(0)
    _dense().save(tmp_path / "m.keras")
    found = convert_file(
        tmp_path / "m.keras", tmp_path / "c.npz", activations="int16", keep_float=True
    )
    assert found.conversion.kind == "int16x8"
    assert found.conversion.ranges[0].high == 32767 * found.conversion.ranges[0].scale
    assert found.float_model is not None and found.samples is not None
    compared = compare(found.float_model, found.conversion, found.samples)
    # With int8 activations it is 43.4 dB.
    assert min(layer.snr for layer in compared.layers) > 50
    assert any("int16x8 gives 0.0%" in line for line in comparison_lines(compared))
    (tmp_path / "wide.tflite").write_bytes(found.conversion.model)
    return tmp_path / "wide.tflite"


def test_int16_activations_beside_int8_weights(tmp_path: Path) -> None:
    graph = read_model(_int16_file(tmp_path))
    assert not unsupported(graph)
    assert {t.dtype for t in (*graph.input_tensors, *graph.output_tensors)} == {"int16"}
    dense = graph.operators[0]
    assert [graph.tensors[i].dtype for i in dense.inputs[:2]] == ["int16", "int8"]


def test_what_has_no_int16_form_stays_in_float_and_is_said(tmp_path: Path) -> None:
    np.savez(tmp_path / "c.npz", inputs=_rows(8))
    _dense(L.Activation("elu")).save(tmp_path / "m.keras")
    found = convert_file(
        tmp_path / "m.keras", tmp_path / "c.npz", activations="int16", problems=unsupported
    )
    assert sorted(found.conversion.in_float) == ["DEQUANTIZE", "ELU", "QUANTIZE"]
    with pytest.raises(ModelError, match=r"cannot be fully integer: .*ELU .* stay in float"):
        convert_file(tmp_path / "m.keras", tmp_path / "c.npz", activations="int16")
    with pytest.raises(UsageError, match="int8 or int16, not int32"):
        convert_file(tmp_path / "m.keras", tmp_path / "c.npz", activations="int32")
    with pytest.raises(ModelError, match="activations are int16, the interpreter takes int4 with"):
        pack_file(_int16_file(tmp_path))


def test_how_pictures_became_numbers_is_kept_in_the_file(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    for k in range(6):
        image.new("L", (9, 9), 40 * k).save(tmp_path / f"{k}.png")
    keras.Sequential([keras.Input((8, 8, 1)), L.Flatten(), L.Dense(2)]).save(tmp_path / "m.keras")
    options = SampleOptions(scale=1 / 255)
    found = convert_file(tmp_path / "m.keras", tmp_path, options=options).conversion
    said = read_preprocessing(found.model)
    assert said is not None
    assert (said.height, said.width, said.scale) == (8, 8, 1 / 255)
    (clipped,) = clipping_of([np.full((2, 8, 8, 1), 255.0)], found.graph)
    assert clipped.much
    assert "likely pixels 0 to 255" in str(clipped)
    assert clipping_of([np.full((2, 8, 8, 1), 0.5)], found.graph) == ()

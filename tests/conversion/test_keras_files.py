"""What damaged and half Keras files are told."""

import io
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from qmcu.conversion import keras_files
from qmcu.conversion.before import check_source
from qmcu.conversion.keras_files import explain, without_time_major
from qmcu.errors import ModelError


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Bad CRC-32 for file 'model.weights.h5'", "a part of it is damaged"),
        ("Unable to open file (truncated file: eof = 9)", "it is cut off"),
        ("No model config found in the file at w.h5.", "it holds weights alone"),
        ("Expected a model.weights.h5 or model.weights.npz file.", "the archive holds no weights"),
        ("There is no item named 'config.json' in the archive", "holds no config.json"),
        ("something else", "something else"),
    ],
)
def test_what_libraries_say_is_told_with_what_to_do(said: str, told: str) -> None:
    error = explain(Path("m.keras"), ValueError(said), "3.1", lacking=False)
    assert f"m.keras is no loadable Keras model: {told}" in str(error) or told in str(error)


def test_a_setting_of_keras_2_alone_is_left_out() -> None:
    class Layer:
        def __init__(self, filters: int, unroll: bool = False) -> None:
            self.given = filters, unroll

    keras = SimpleNamespace(layers=SimpleNamespace(ConvLSTM2D=Layer))
    made = without_time_major(keras, "ConvLSTM2D")
    assert made.__name__ == "ConvLSTM2D" and issubclass(made, Layer)
    assert made(4, unroll=True, time_major=False).given == (4, True)


def test_what_is_no_archive_is_told_before_tensorflow_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    path.write_text("hello\n")
    with pytest.raises(ModelError, match=r"m\.keras is no loadable Keras model: .*archive"):
        check_source(path)


def test_a_layer_of_any_cells_is_unrolled() -> None:
    keras = pytest.importorskip("tensorflow").keras
    cells = [keras.layers.LSTMCell(2), keras.layers.GRUCell(3)]
    model = keras.Sequential([keras.Input((4, 2)), keras.layers.RNN(cells, name="cells")])
    changed, notes = keras_files._unrolled(model, {}, False)
    assert notes == ("recurrent layers were unrolled: cells",)
    assert changed.get_layer("cells").unroll


def test_a_file_that_was_written_on_windows_has_its_weights(tmp_path: Path) -> None:
    """Keras 2 joined the names of weights as it joins the system's paths."""
    tensorflow = pytest.importorskip("tensorflow")
    h5py = pytest.importorskip("h5py")
    layers = tensorflow.keras.layers
    model = tensorflow.keras.Sequential([tensorflow.keras.Input((4,)), layers.Dense(3)])
    here, windows = tmp_path / "here.keras", tmp_path / "windows.keras"
    model.save(here)
    with zipfile.ZipFile(here) as archive, zipfile.ZipFile(windows, "w") as written:
        for entry in archive.infolist():
            content = archive.read(entry)
            if entry.filename == "model.weights.h5":
                stream = io.BytesIO(content)
                with h5py.File(stream, "r+") as file:
                    file.move("layers/dense", r"layers\dense")
                    del file["layers"]
                content = stream.getvalue()
            written.writestr(entry, content)
    before = windows.read_bytes()
    opened = keras_files.open_file(tensorflow, windows).model
    for found, wanted in zip(opened.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert windows.read_bytes() == before

"""What damaged and half Keras files are told."""

from pathlib import Path

import pytest

from qmcu.conversion.keras_files import explain


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

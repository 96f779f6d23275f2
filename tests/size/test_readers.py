"""The kind of a file."""

from pathlib import Path

import pytest
from tests.support.model_files import make

from qmcu.errors import ModelError
from qmcu.size.readers import read_contents


def test_the_kind_is_told_by_content_before_the_name(tmp_path: Path) -> None:
    path = make(tmp_path)["tflite"].rename(tmp_path / "x.bin")
    assert read_contents(path).kind == "TensorFlow Lite"
    with pytest.raises(ModelError, match="neither a file nor a folder"):
        read_contents(Path("/dev/null"))

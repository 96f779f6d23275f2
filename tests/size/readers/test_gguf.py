"""GGUF files are read from their header: blocks count what they hold, and bounds are kept."""

import struct
from pathlib import Path

import pytest
from tests.support.model_files import gguf_bytes

from qmcu.errors import ModelError
from qmcu.size.contents import Role
from qmcu.size.readers import read_contents


def test_blocks_are_counted_as_weights(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(gguf_bytes())
    found = read_contents(path)
    weights, norm = found.tensors
    assert (weights.elements, weights.stored, weights.dtype) == (1024, 576, "int4")
    assert (norm.elements, norm.stored, norm.role) == (32, 128, Role.BIASES)
    assert sum(found.bytes_by_role().values()) == found.size


def test_every_truncation_is_a_sentence(tmp_path: Path) -> None:
    whole = gguf_bytes()
    cut = tmp_path / "cut.gguf"
    for length in range(4, len(whole), 7):
        cut.write_bytes(whole[:length])
        with pytest.raises(ModelError, match="truncated"):
            read_contents(cut)


def test_counts_beyond_the_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "many.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 2**60, 2**60) + bytes(64))
    with pytest.raises(ModelError):
        read_contents(path)

"""GGUF files are read from their header: blocks count what they hold, and bounds are kept."""

import struct
from pathlib import Path

import pytest

from qmcu.errors import ModelError
from qmcu.size.contents import Role
from qmcu.size.readers import read_contents


def _text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def _info(name: str, shape: tuple[int, ...], kind: int, offset: int) -> bytes:
    extents = b"".join(struct.pack("<Q", d) for d in shape[::-1])
    return _text(name) + struct.pack("<I", len(shape)) + extents + struct.pack("<IQ", kind, offset)


def write_gguf(path: Path) -> Path:
    """Q4_K [4, 256] of 4 x 144 bytes, and float32 [32]."""
    head = b"GGUF" + struct.pack("<IQQ", 3, 2, 2)
    head += _text("general.name") + struct.pack("<I", 8) + _text("small")
    head += _text("tokens") + struct.pack("<IIQ", 9, 8, 2) + _text("a") + _text("b")
    head += _info("blk.0.weight", (4, 256), 12, 0) + _info("norm.weight", (32,), 0, 576)
    head += bytes(-len(head) % 32)
    path.write_bytes(head + bytes(576 + 128))
    return path


def test_blocks_are_counted_as_weights(tmp_path: Path) -> None:
    found = read_contents(write_gguf(tmp_path / "model.gguf"))
    weights, norm = found.tensors
    assert (weights.elements, weights.stored, weights.dtype) == (1024, 576, "int4")
    assert (norm.elements, norm.stored, norm.role) == (32, 128, Role.BIASES)
    assert sum(found.bytes_by_role().values()) == found.size


def test_every_truncation_is_a_sentence(tmp_path: Path) -> None:
    whole = write_gguf(tmp_path / "model.gguf").read_bytes()
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

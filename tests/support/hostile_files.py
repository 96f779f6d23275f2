"""Damaged and hostile model files, and what is asked when one is weighed."""

import time
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from qmcu.errors import ModelError
from qmcu.size import weigh

MEMORY = 64 << 20


def check_refused(path: Path, message: str) -> None:
    started = time.monotonic()
    tracemalloc.start()
    try:
        with pytest.raises(ModelError, match=message) as caught:
            weigh(path)
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()
    assert time.monotonic() - started < 30
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def write_checkpoint(path: Path, content: bytes, storages: dict[str, bytes] | None = None) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("m/data.pkl", content)
        for name, data in (storages or {}).items():
            archive.writestr(f"m/data/{name}", data)
    return path


def npy_bytes(header: str, data: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\0" + len(header).to_bytes(2, "little") + header.encode() + data

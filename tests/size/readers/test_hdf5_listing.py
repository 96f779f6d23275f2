"""The listing program, run as its reader runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.model_files import make_h5

from qmcu.size.readers import hdf5_listing


def list_datasets(path: Path) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, hdf5_listing.__file__, str(path), "0", str(path.stat().st_size)],
        capture_output=True, check=True,
    )  # fmt: skip
    listing: dict[str, object] = json.loads(done.stdout)
    return listing


def test_datasets_are_listed_and_damage_is_an_error_of_its_own(tmp_path: Path) -> None:
    pytest.importorskip("h5py", reason="h5py is not installed")
    path = make_h5(tmp_path / "x.h5")
    assert "layers/c/kernel" in json.dumps(list_datasets(path))
    path.write_bytes(path.read_bytes()[:64])
    assert "error" in list_datasets(path)

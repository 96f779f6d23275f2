"""HDF5 files: datasets in chunks, damage, links that lead outside."""

from pathlib import Path

import numpy as np
import pytest
from tests.support.hostile_files import check_refused
from tests.support.model_files import make_h5, make_keras

from qmcu.cli import run
from qmcu.errors import ModelError
from qmcu.size import weigh

Capture = pytest.CaptureFixture[str]


def test_hdf5(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    path = make_h5(tmp_path / "x.h5")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    check_refused(path, "damaged or truncated")
    path.write_bytes(content[:100])
    check_refused(path, "damaged or truncated")
    with h5py.File(tmp_path / "link.h5", "w") as file:
        file["w"] = h5py.ExternalLink("/etc/passwd", "/x")
        file["loop"] = h5py.SoftLink("/")
    assert weigh(tmp_path / "link.h5").tensors == ()
    with h5py.File(tmp_path / "outside.h5", "w") as file:
        file.create_dataset("w", (4,), "f4", external=[("/etc/passwd", 0, 16)])
    check_refused(tmp_path / "outside.h5", "lies in other files")
    with h5py.File(tmp_path / "vast.h5", "w") as file:
        file.create_dataset("w", (1 << 40, 1 << 10), "f4", chunks=(1 << 10, 1 << 10))
    check_refused(tmp_path / "vast.h5", "has the shape")


def test_without_h5py_its_name_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    pytest.importorskip("h5py", reason="h5py is not installed")
    path = make_h5(tmp_path / "x.h5")
    listing = tmp_path / "listing.py"
    listing.write_text('print(\'{"missing": "h5py"}\')')
    monkeypatch.setattr("qmcu.size.readers.hdf5._LISTING", listing)
    assert run(["size", str(path)]) == 2
    assert "needs the package h5py, which is not installed" in capsys.readouterr().err


def test_a_crash_of_the_hdf5_library_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("h5py", reason="h5py is not installed")
    path = make_h5(tmp_path / "x.h5")
    listing = tmp_path / "listing.py"
    listing.write_text("import os; os.abort()")
    monkeypatch.setattr("qmcu.size.readers.hdf5._LISTING", listing)
    check_refused(path, "library crashed on it")


def test_damaged_hdf5_is_a_sentence(tmp_path: Path) -> None:
    pytest.importorskip("h5py", reason="h5py is not installed")
    h5 = make_h5(tmp_path / "x.h5")
    path = make_keras(tmp_path / "x.keras", h5)
    rng = np.random.default_rng(0)
    for source in (h5, path):
        content = source.read_bytes()
        for _ in range(4):
            changed = bytearray(content)
            for at in rng.integers(0, len(content), 40):
                changed[at] = int(rng.integers(0, 256))
            source.write_bytes(changed)
            try:
                report = weigh(source)
            except ModelError:
                continue
            assert sum(report.roles.values()) == report.size

"""Locks of their own for every test."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "locks"
    monkeypatch.setenv("QMCU_LOCKS", str(folder))
    return folder

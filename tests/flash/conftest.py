"""Firmware for flashing, built once, and boards of pseudo-terminals that end with their test."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.flash.loader import SerialBoard
from tests.support.firmware_project import build_chain

from qmcu.flash import Job, prepare

Firmware = Callable[[str], Path]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Firmware:
    """`built(board)` is a firmware directory, shared: read it only."""
    done: dict[str, Path] = {}

    def build(board: str) -> Path:
        if board not in done:
            done[board] = build_chain(tmp_path_factory.mktemp("flash"), board)
        return done[board]

    return build


@pytest.fixture
def firmware(built: Firmware, tmp_path: Path) -> Callable[..., Path]:
    """`firmware(board, key=value...)` is a copy with these keys in its board file, or without."""

    def copy(board: str, **keys: object) -> Path:
        directory = tmp_path / "firm ware"
        shutil.copytree(built(board), directory)
        path = directory / "board.json"
        document = json.loads(path.read_text())
        flashing = document["flashing"] | keys
        document["flashing"] = {k: v for k, v in flashing.items() if v is not None}
        path.write_text(json.dumps(document))
        return directory

    return copy


@pytest.fixture
def job(built: Firmware) -> Callable[..., Job]:
    """`job(board, probe=...)` for the commands of a tool."""

    def make(board: str = "stm32f746", **options: Any) -> Job:
        return prepare(built(board), tool="st-flash", dry_run=True, **options).job

    return make


@pytest.fixture
def serial_board() -> Iterator[Callable[..., SerialBoard]]:
    """`serial_board(run)` starts a board on a pseudo-terminal."""
    boards: list[SerialBoard] = []

    def start(run: Callable[[SerialBoard], None]) -> SerialBoard:
        boards.append(SerialBoard(run))
        return boards[-1]

    yield start
    for board in boards:
        board.close()

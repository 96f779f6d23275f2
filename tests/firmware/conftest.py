"""Firmware of a two-layer model, built once for each board, and the same with a crash put in."""

from pathlib import Path

import pytest
from tests.support.fixtures import Builder
from tests.support.lookup_plan import two_layers

from qmcu import documents
from qmcu.board import load_board
from qmcu.build.builder import build_project
from qmcu.build.firmware import FORMAT, measure
from qmcu.codegen import generate_project
from qmcu.files import BUILD_MARKER


@pytest.fixture(scope="session")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """`firmware(board, crash)` builds; `crash` is C put before the first layer's call."""
    built: dict[tuple[str, str], Path] = {}

    def build(board: str, crash: str = "") -> Path:
        if (board, crash) not in built:
            directory = tmp_path_factory.mktemp(board)
            plan = two_layers()
            generate_project(plan, load_board(board), b"model", directory)
            if crash:
                source = directory / "src" / "model.c"
                text = source.read_text()
                start = text.index("qmcu_lookup(\n")
                source.write_text(text[:start] + crash + ";\n    " + text[start:])
            report = measure(build_project(directory), plan, board)
            (directory / BUILD_MARKER).write_text(documents.indented(report, format=FORMAT))
            built[board, crash] = directory
        return built[board, crash]

    return build

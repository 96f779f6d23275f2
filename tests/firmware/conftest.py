"""Firmware of a two-layer model, built once for each board, and the same with a crash put in."""

from pathlib import Path

import pytest
from tests.support.fixtures import Builder
from tests.support.lookup_plan import two_layers
from tests.support.projects import finish_build

from qmcu.board import load_board
from qmcu.codegen import generate_project


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
                # One function calls the kernel for both layers.
                first = f"if (arguments[1] == l00_lookup_table) {{\n{crash};\n    }}\n    "
                source.write_text(text[:start] + first + text[start:])
            built[board, crash] = finish_build(directory, plan, board)
        return built[board, crash]

    return build

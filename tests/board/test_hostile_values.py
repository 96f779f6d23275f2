"""Hostile values in each field of a board file, board.json, plan.json and report.json.

What is taken can be used everywhere: in makefiles, C sources, command lines and paths.
"""

import contextlib
import copy
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.firmware_project import build_chain, chain, write_chain
from tests.support.places import REPOSITORY, SHARED

from qmcu import documents
from qmcu.board import Board, load_board, load_built_board
from qmcu.cli import run
from qmcu.codegen import generate_project
from qmcu.compile import CompileOptions, compile_graph
from qmcu.errors import BoardError, QmcuError
from qmcu.firmware import Firmware
from qmcu.flash import flash_settings, prepare

# What make, the C compiler, a shell, the linker, QEMU or a path would take for more than a name.
HOSTILE: st.SearchStrategy[Any] = st.sampled_from([
    "$(shell touch PWNED)", "x\n$(shell touch PWNED)", "`touch PWNED`", 'x"; touch PWNED; "',
    "x */ int y; /*", 'a"\n#error x', "../../PWNED", "/PWNED", "virt,dumpdtb=PWNED", "x\\",
    "a b; c", "-f", "x\x1b[2J", "x\u202e", "", "é", "x" * 200, "board/../../PWNED.cfg", "CON\0",
    0, -1, 1 << 40, 10**30, 1.5, True, None, [], {}, ["x"], {"x": 1}, [[]],
])  # fmt: skip
FEW = settings(
    max_examples=150, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
PLAN = compile_graph(chain(), CompileOptions("portable"))
Path_ = tuple[str | int, ...]


def fields(document: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Every place in a document that holds something."""
    items = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from fields(value, (*path, key))


def changed(document: Any, path: Path_, value: Any) -> Any:
    found = copy.deepcopy(document)
    part = found
    for key in path[:-1]:
        part = part[key]
    if value is None and isinstance(part, dict):
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return found


def use(board: Board, folder: Path) -> None:
    """Everything that a board's text reaches."""
    folder.mkdir(exist_ok=True)
    with contextlib.suppress(BoardError):
        generate_project(PLAN, board, b"", folder)
    text = "".join(p.read_text() for p in folder.rglob("*") if p.name in
                   ("Makefile", "CMakeLists.txt", "board.ld", "board.h"))  # fmt: skip
    assert "PWNED" not in text and "$(shell" not in text and "`" not in text
    assert text.isascii()
    flash_settings(board)
    assert re.fullmatch(r"[\w.-]*", board.qemu or "") and "/" not in (board.renode or "")
    for value in board.export.values():
        for name in value.values() if isinstance(value, dict) else [value]:
            assert not name.startswith(("/", ".")) and "/." not in name


@pytest.mark.parametrize("name", ["stm32f746", "rpi-pico", "ek-ra8d1"])
def test_every_field_of_a_board_file(name: str, tmp_path: Path) -> None:
    document = tomllib.loads((REPOSITORY / f"boards/{name}.toml").read_text())
    places = list(fields(document))

    @FEW
    @given(st.sampled_from(places), HOSTILE)
    def check(path: Path_, value: Any) -> None:
        file = tmp_path / "b.toml"
        try:
            file.write_text(tomli_w.dumps(changed(document, path, value)))
        except (TypeError, ValueError):
            return
        try:
            board = load_board(str(file))
        except BoardError as error:
            assert "\n" not in str(error)
        else:
            use(board, tmp_path / "out")

    check()


def test_every_field_of_a_saved_board(tmp_path: Path) -> None:
    document = documents.plain(load_board("stm32f746"))
    (tmp_path / "report.json").write_text("{}")

    @FEW
    @given(st.sampled_from(list(fields(document))), HOSTILE)
    def check(path: Path_, value: Any) -> None:
        (tmp_path / "board.json").write_text(json.dumps(changed(document, path, value)))
        try:
            board = load_built_board(tmp_path)
        except QmcuError as error:
            assert "internal" not in str(error)
        else:
            use(board, tmp_path / "out")

    check()


@cache
def firmware(folder: Path) -> Path:
    return build_chain(folder)


@pytest.mark.parametrize("name", ["plan.json", "report.json", "board.json"])
def test_every_field_of_a_firmware(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = firmware(tmp_path_factory.getbasetemp())
    file = directory / name
    before = file.read_bytes()
    document = json.loads(before)

    @settings(parent=FEW, max_examples=120)
    @given(st.sampled_from(list(fields(document))), HOSTILE)
    def check(path: Path_, value: Any) -> None:
        file.write_text(json.dumps(changed(document, path, value)))
        steps: list[Callable[[], object]] = [
            lambda: Firmware.load(directory),
            lambda: prepare(directory, dry_run=True),
            lambda: Firmware.load(directory).plan.layers,
        ]
        for step in steps:
            # Any other exception is a traceback that a user would see.
            with contextlib.suppress(QmcuError):
                step()
        assert run(["report", str(directory)]) in (0, 2)

    try:
        check()
    finally:
        file.write_bytes(before)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the hostile files are not beside the checkout")
def test_the_board_that_make_executed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(write_chain(tmp_path))
    board = str(SHARED / "hostile/bt.toml")
    assert run(["build", model, "--board", board, "-o", str(tmp_path / "fw")]) == 2
    assert "title is" in capsys.readouterr().err
    assert not list(tmp_path.rglob("PWN*"))

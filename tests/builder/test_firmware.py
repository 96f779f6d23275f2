import dataclasses
import json
from pathlib import Path

import pytest
from tests.support.firmware_project import build_chain, chain, write_chain

from qmcu.board import load_board
from qmcu.builder import BuildOptions, build_firmware
from qmcu.builder.room import refuse_too_large
from qmcu.compile import compile_graph
from qmcu.errors import DoesNotFitError, ModelError, UsageError
from qmcu.firmware import Firmware

BOARD = load_board("stm32f746")
PORTABLE = BuildOptions("portable")


def test_what_a_build_holds(tmp_path: Path) -> None:
    directory = build_chain(tmp_path)
    names = {p.name for p in directory.iterdir()}
    assert {
        "Makefile", "CMakeLists.txt", "model.tflite", "plan.json", "report.json", "board.json",
        "board.ld", "src", "firmware.elf", "firmware.bin", "firmware.hex", "firmware.map",
    } <= names  # fmt: skip
    firmware = Firmware.load(directory)
    plan, board, report = firmware.plan, firmware.board, firmware.memory
    assert (plan.name, board, report.board) == (
        "chain", dataclasses.replace(BOARD, external=()), "stm32f746",
    )  # fmt: skip
    assert report.tools["compiler"].startswith("arm-none-eabi-gcc ")


def test_a_failed_build_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = build_chain(tmp_path)
    before = (directory / "report.json").read_bytes()

    def fail(folder: Path) -> None:
        raise DoesNotFitError("no")

    monkeypatch.setattr("qmcu.builder.firmware.build_project", fail)
    with pytest.raises(DoesNotFitError):
        build_firmware(tmp_path / "chain.tflite", BOARD, directory, PORTABLE)
    assert (directory / "report.json").read_bytes() == before
    with pytest.raises(DoesNotFitError):
        build_firmware(tmp_path / "chain.tflite", BOARD, tmp_path / "new", PORTABLE)
    assert {p.name for p in tmp_path.iterdir()} == {"chain.tflite", "chain-stm32f746"}


def test_somebodys_folder_is_not_replaced(tmp_path: Path) -> None:
    model = write_chain(tmp_path)
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/file").write_text("x")
    with pytest.raises(UsageError, match="not empty"):
        build_firmware(model, BOARD, tmp_path / "precious", PORTABLE)
    assert (tmp_path / "precious/file").read_text() == "x"


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nothing\.tflite cannot be read"):
        build_firmware(tmp_path / "nothing.tflite", BOARD, tmp_path / "o", PORTABLE)
    with pytest.raises(UsageError, match="no kernel set 'fast'"):
        build_firmware(write_chain(tmp_path), BOARD, tmp_path / "o", BuildOptions("fast"))
    assert not (tmp_path / "o").exists()


def test_too_large_is_refused_before_anything_is_generated() -> None:
    plan = compile_graph(chain())
    flash = dataclasses.replace(BOARD.flash, size=1024)
    ram = dataclasses.replace(BOARD.ram, size=1024)
    refuse_too_large(plan, BOARD)
    big = dataclasses.replace(plan, arena_size=2000)
    with pytest.raises(
        DoesNotFitError, match=r"need 6,096 bytes of RAM.* has 1,024, 5,072 too few"
    ):
        refuse_too_large(big, dataclasses.replace(BOARD, ram=ram))
    flash = dataclasses.replace(BOARD.flash, size=64)
    with pytest.raises(DoesNotFitError, match="bytes of flash"):
        refuse_too_large(plan, dataclasses.replace(BOARD, flash=flash))


def test_a_damaged_report(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no firmware directory"):
        Firmware.load(tmp_path)
    path = tmp_path / "report.json"
    for text in ("{", "[]", "{}", json.dumps({"format": 99})):
        path.write_text(text)
        with pytest.raises(UsageError, match=r"is no memory report of .*: .*`qmcu build`"):
            Firmware.load(tmp_path)

"""Memories outside the chip: every byte once in each, equal outputs, and nothing otherwise."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.support.firmware_project import write_wide
from tests.support.stateful_models import shift_register

from qmcu.board import Board, load_board
from qmcu.builder import BuildOptions, Category, build_firmware
from qmcu.builder.fits import fitting_boards, smallest_fit
from qmcu.builder.room import refuse_too_large
from qmcu.cli.main import run
from qmcu.codegen.places import Places
from qmcu.comparison import RunOptions, run_vectors
from qmcu.device.image import read_image
from qmcu.device.targets import open_session
from qmcu.errors import DeviceError, DoesNotFitError, UsageError
from qmcu.firmware import Firmware
from qmcu.model.vectors import random_vectors
from qmcu.model.writer import write_model
from qmcu.report.html.blocks import Treemap
from qmcu.report.html.build_page import build_page

BOARD = load_board("stm32f746")
BOTH = Places(weights=True, arena=True)
Built = Callable[[Places], Firmware]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """`built(places)` is the firmware of the wide chain."""
    done: dict[Places, Firmware] = {}

    def build(places: Places) -> Firmware:
        if places not in done:
            folder = tmp_path_factory.mktemp("external")
            options = BuildOptions(places=places)
            build_firmware(write_wide(folder), BOARD, folder / "firmware", options)
            done[places] = Firmware.load(folder / "firmware")
        return done[places]

    return build


@pytest.mark.parametrize("places", [Places(weights=True), Places(arena=True), BOTH])
def test_every_byte_of_each_memory_once(built: Built, places: Places) -> None:
    firmware = built(places)
    report, directory = firmware.memory, firmware.directory
    for region in report.regions:
        sizes = [e.size for e in report.entries if e.region == region.name]
        assert sum(sizes) == region.used
    assert report.used("flash") == (directory / "firmware.bin").stat().st_size
    outside = directory / "firmware-external.bin"
    assert outside.exists() == places.weights
    if places.weights:
        assert report.used("external flash") == outside.stat().st_size == 4160
        assert report.total(Category.CONSTANTS, "external flash") == 4160
    kind, other = ("external RAM", "RAM") if places.arena else ("RAM", "external RAM")
    assert report.total(Category.ARENA, kind) == firmware.plan.arena_size
    assert report.total(Category.ARENA, other) == 0


@pytest.mark.parametrize("places", [Places(weights=True), Places(arena=True), BOTH])
def test_the_outputs_are_equal(built: Built, places: Places) -> None:
    firmware = built(places)
    vectors = random_vectors(*firmware.model, 3)
    result = run_vectors(firmware, "unicorn", vectors, "random", RunOptions(1))
    assert (result.equal, result.vectors) == (3, 3)


def test_the_files_hold_the_image(built: Built) -> None:
    firmware = built(BOTH)
    directory = firmware.directory
    inside, outside = (read_image(directory / "firmware.elf").segments[i] for i in (0, -1))
    assert (inside.address, outside.address) == (BOARD.flash.start, 0x9000_0000)
    assert (directory / "firmware-external.bin").read_bytes() == outside.data
    assert (directory / "firmware.bin").read_bytes().startswith(inside.data)
    # Records of type 4 give the upper half of what follows.
    records = (directory / "firmware.hex").read_text().split()
    assert {r[9:13] for r in records if r[7:9] == "04"} == {"0800", "9000"}


def test_a_build_without_places_knows_nothing_of_them(built: Built, tmp_path: Path) -> None:
    firmware = built(Places())
    directory, files = firmware.directory, {p.name for p in firmware.directory.glob("src/port/*")}
    assert "port.c" in files and "port_external.c" not in files
    for name in ("board.ld", "src/board.h", "src/model_data.c", "Makefile"):
        assert "external" not in (directory / name).read_text()
    plain = dataclasses.replace(BOARD, external=())
    build_firmware(directory / "model.tflite", plain, tmp_path / "plain")
    assert (tmp_path / "plain/board.json").read_text() == (directory / "board.json").read_text()
    # The build id, a hash of all sources and the board, is in the image.
    wide = write_wide(tmp_path)
    build_firmware(wide, plain, tmp_path / "again")
    assert (tmp_path / "again/firmware.bin").read_bytes() == (
        directory / "firmware.bin"
    ).read_bytes()


def test_memory_that_nothing_starts_is_emulated(tmp_path: Path) -> None:
    options = BuildOptions(places=BOTH)
    build_firmware(write_wide(tmp_path), load_board("mps3-an547"), tmp_path / "firmware", options)
    firmware = Firmware.load(tmp_path / "firmware")
    assert not (tmp_path / "firmware/src/port/port_external.c").exists()
    assert firmware.memory.used("external RAM") >= firmware.plan.arena_size
    vectors = random_vectors(*firmware.model, 2)
    result = run_vectors(firmware, "qemu", vectors, "random", RunOptions(1))
    assert (result.equal, result.vectors) == (2, 2)


def test_a_project_says_what_lies_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = write_wide(tmp_path)
    (tmp_path / "qmcu.toml").write_text(
        f'model = "{model.name}"\nboard = "stm32f746"\nplace = ["weights=external"]\n'
    )
    monkeypatch.chdir(tmp_path)
    assert run(["build", "-o", "firmware"]) == 0
    report = Firmware.load(tmp_path / "firmware").memory
    assert report.used("external flash") and not report.used("external RAM")
    assert run(["build", "--place", "weights=internal", "-o", "inside"]) == 0
    assert not Firmware.load(tmp_path / "inside").memory.used("external flash")


def test_other_emulators_refuse(built: Built) -> None:
    with pytest.raises(DeviceError, match="external memory of stm32f746, which renode does not"):
        open_session("renode", built(BOTH))


def test_the_page_maps_each_memory(built: Built) -> None:
    firmware = built(BOTH)
    report = firmware.memory
    page = build_page(firmware.plan, report)
    maps = [b for section in page.sections for b in section.blocks if isinstance(b, Treemap)]
    areas = {m.caption.split(":")[0]: sum(tile.size for tile in m.tiles) for m in maps}
    assert areas == {region.name: region.used for region in report.regions}
    assert set(areas) == {"flash", "ram", "external_flash", "external_ram"}


def test_state_lies_outside_and_is_kept(tmp_path: Path) -> None:
    model = tmp_path / "register.tflite"
    model.write_bytes(write_model(shift_register(np.arange(12, dtype=np.int8).reshape(3, 4))))
    options = BuildOptions(places=Places(state=True))
    build_firmware(model, BOARD, tmp_path / "firmware", options)
    firmware = Firmware.load(tmp_path / "firmware")
    report, size = firmware.memory, firmware.plan.state_size
    assert report.total(Category.STATE, "external RAM") == report.used("external RAM") == size
    assert report.total(Category.STATE, "RAM") == 0
    vectors = random_vectors(*firmware.model, 2, steps=5)
    result = run_vectors(firmware, "unicorn", vectors, "random", RunOptions(1))
    assert (result.equal, result.vectors) == (10, 10)


def small(**sizes: int) -> Board:
    flash, ram = (sizes.get(name, getattr(BOARD, name).size) for name in ("flash", "ram"))
    return dataclasses.replace(
        BOARD,
        flash=dataclasses.replace(BOARD.flash, size=flash),
        ram=dataclasses.replace(BOARD.ram, size=ram),
    )


def test_what_does_not_fit_says_where_it_would(built: Built, tmp_path: Path) -> None:
    plan = built(Places()).plan
    with pytest.raises(DoesNotFitError, match=r"--place weights=external has room for that: it "
                       r"puts 4,160 bytes into external flash of 16,777,216; or take"):  # fmt: skip
        refuse_too_large(plan, small(flash=2000))
    refuse_too_large(plan, small(flash=2000), Places(weights=True))
    with pytest.raises(DoesNotFitError, match=r"--place arena=external .* external RAM of 8,388"):
        refuse_too_large(plan, small(ram=4096))
    with pytest.raises(DoesNotFitError, match="too few; take a smaller model"):
        refuse_too_large(plan, small(ram=2048))
    # Known only once the code is there: ld tells.
    tight = small(flash=built(Places()).memory.used("flash") - 100)
    with pytest.raises(DoesNotFitError, match="100 too few; --place weights=external has room"):
        build_firmware(write_wide(tmp_path), tight, tmp_path / "firmware")
    fits = fitting_boards(write_wide(tmp_path), [tight, load_board("stm32f407")])
    assert [(f.board, f.fits, f.place) for f in fits] == [
        ("stm32f746", True, "--place weights=external"), ("stm32f407", True, ""),
    ]  # fmt: skip
    best = smallest_fit(fits)
    assert best is not None and best.board == "stm32f407"
    alone = fitting_boards(write_wide(tmp_path), [tight])
    assert (alone[0].built, alone[0].external_flash) == (True, 4160)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, out = str(write_wide(tmp_path)), str(tmp_path / "out")
    common = ["build", model, "--board", "stm32f746", "-o", out]
    assert run([*common, "--place", "weights=external", "--place", "arena=external"]) == 0
    shown = capsys.readouterr().out
    assert "external flash holds 4,160 bytes of constants" in shown
    assert "external RAM holds an arena of" in shown
    assert "RAM holds 4,096 for the stack" in shown
    assert run([*common, "--place", "code=external"]) == 2
    assert "--place code=external is not WHAT=WHERE" in capsys.readouterr().err


def test_platformio_makes_no_second_image(tmp_path: Path) -> None:
    options = BuildOptions(builder="platformio", places=Places(weights=True))
    with pytest.raises(UsageError, match="makes no image of external flash"):
        build_firmware(write_wide(tmp_path), BOARD, tmp_path / "firmware", options)


def test_who_flashes_it(built: Built, capsys: pytest.CaptureFixture[str]) -> None:
    directory = str(built(BOTH).directory)
    assert run(["flash", directory, "--dry-run", "--tool", "st-flash"]) == 2
    shown = capsys.readouterr().err
    assert "does not write the external flash at 0x90000000, which holds the weights" in shown
    assert run(["flash", directory, "--dry-run", "--tool", "STM32_Programmer_CLI"]) == 0
    shown = capsys.readouterr().out
    first, second = (shown.index(f"-w firmware{part}.bin") for part in ("-external", ""))
    assert shown.index("ExternalLoader/N25Q128A_STM32F746G-DISCO.stldr") < first < second
    assert run(["flash", directory, "--dry-run", "--tool", "openocd"]) == 0
    assert "program firmware.hex verify" in capsys.readouterr().out

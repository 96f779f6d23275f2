"""Images for MCUboot: linked behind the header, signed, refused when changed."""

import shutil
from pathlib import Path

import pytest
from tests.support.firmware_project import write_chain

from qmcu.board import load_board
from qmcu.builder.mcuboot import Bootloader, board_in_slot, default_slot, verify_slot_image
from qmcu.cli import run
from qmcu.errors import CheckFailedError, UsageError
from qmcu.firmware import Firmware

pytest.importorskip("imgtool")
pytest.importorskip("cryptography")


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("slot")
    for name in ("key", "other"):
        assert run(["trust", "key", "-o", str(folder / name)]) == 0
    assert run([
        "build", str(write_chain(folder)), "--board", "stm32f746", "--kernels", "portable",
        "--bootloader", "mcuboot", "--image-key", str(folder / "key"), "--image-version", "1.2.3+4",
        "--security-counter", "7", "-o", str(folder / "fw"),
    ]) == 0  # fmt: skip
    return folder


def test_imgtool_takes_it_and_no_other(signed: Path, tmp_path: Path) -> None:
    image = signed / "fw/firmware.bin"
    for name in ("key.pub", "key"):
        assert "1.2.3+4" in verify_slot_image(image, signed / name)
    with pytest.raises(CheckFailedError, match="imgtool could not verify"):
        verify_slot_image(image, signed / "other.pub")
    content = bytearray(image.read_bytes())
    for at in (0x10, 0x210, 0x1000, len(content) - 8):
        changed = tmp_path / "changed.bin"
        changed.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(CheckFailedError):
            verify_slot_image(changed, signed / "key.pub")


def test_the_security_counter_is_protected(signed: Path) -> None:
    """TLV 0x50 among those that the signature covers (magic 0x6908)."""
    content = (signed / "fw/firmware.bin").read_bytes()
    at = content.index((0x6908).to_bytes(2, "little"))
    assert content[at + 4 : at + 12] == bytes([0x50, 0, 4, 0, 7, 0, 0, 0])


def test_it_runs_and_flashes_from_its_slot(
    signed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = str(signed / "fw")
    assert run(["test", directory, "--on", "unicorn", "--random", "2"]) == 0
    firmware = Firmware.load(signed / "fw")
    assert firmware.image.symbols["qmcu_image_vectors"] == 0x0802_0200
    assert run(["flash", directory, "--tool", "st-flash", "--dry-run"]) == 0
    assert "write firmware.bin 0x08020000" in capsys.readouterr().out
    assert run(["flash", directory, "--tool", "gdb", "--probe", "h:1", "--dry-run"]) == 2
    assert "has no header for MCUboot" in capsys.readouterr().err


def test_slots_that_cannot_be() -> None:
    board = load_board("stm32f746")
    assert default_slot(board) == (0x0802_0000, 0x6_0000)
    for slot, words in (
        ((0x0700_0000, 0x6_0000), "is not inside the flash"),
        ((0x0802_0100, 0x6_0000), "no multiple of 512"),
        ((0x0802_0000, 0x1000), "less than"),
    ):
        with pytest.raises(UsageError, match=words):
            board_in_slot(board, Bootloader(Path("k"), slot=slot))
    with pytest.raises(UsageError, match="parts at fixed places"):
        board_in_slot(load_board("rpi-pico"), Bootloader(Path("k")))


def test_mistakes_in_words(
    signed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(shutil.copy(signed / "chain.tflite", tmp_path))
    start = [
        "build",
        model,
        "--board",
        "stm32f746",
        "--bootloader",
        "mcuboot",
        "-o",
        str(tmp_path / "f"),
    ]
    key = ["--image-key", str(signed / "key")]
    for more, words in (
        ([], "give --image-key KEY"),
        ([*key, "--image-version", "one"], "is none of MCUboot's"),
        ([*key, "--slot", "here"], "is no START:SIZE"),
        (["--image-key", str(signed / "key.pub")], "imgtool could not sign"),
    ):
        assert run([*start, *more]) == 2
        assert words in capsys.readouterr().err
    assert not (tmp_path / "f").exists()

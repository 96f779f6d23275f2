"""Images for MCUboot: linked behind a slot's header, signed by imgtool.

The slot begins with MCUboot's header; the vector table follows it, and the boot loader starts what
is there after it has checked the signature behind it. Options as in imgtool's own help: sign,
verify. https://docs.mcuboot.com/imgtool.html
"""

import importlib.util
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from qmcu import documents
from qmcu.board import Board, Memory
from qmcu.errors import CheckFailedError, DoesNotFitError, ToolError, UsageError
from qmcu.extras import missing_package
from qmcu.text import printable

DOCUMENT = "mcuboot.json"
NAMES = ("none", "mcuboot")
HEADER = 0x200
# Kept free at the slot's end: signature and hashes, and the trailer in which swaps are noted.
RESERVED = 0x2000
_BOOT_LOADER = 0x2_0000
_SECTOR = 0x2_0000
_VERSION = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,5})(?:\+(\d{1,10}))?")


@dataclass(frozen=True)
class Bootloader:
    """How an image is made for MCUboot: its slot, and what imgtool signs into it.

    `slot` is first address and size in bytes (None: see `default_slot`), `key` a private key,
    `counter` the security counter below which the boot loader takes no image any more.
    """

    key: Path
    version: str = "0.0.0"
    counter: int = 0
    slot: tuple[int, int] | None = None


@dataclass(frozen=True)
class SignedImage:
    """What was signed: mcuboot.json of a firmware directory."""

    slot_start: int
    slot_size: int
    header: int
    version: str
    counter: int
    signed_by: str


def parse_slot(text: str) -> tuple[int, int]:
    """START:SIZE, such as 0x08020000:0x60000. Raises UsageError."""
    try:
        start, size = (int(part, 0) for part in text.split(":"))
    except ValueError as error:
        raise UsageError(f"--slot {text} is no START:SIZE, such as 0x8020000:0x60000.") from error
    return start, size


def default_slot(board: Board) -> tuple[int, int]:
    """Behind 128 KiB for the boot loader, the first of two equal slots in whole 128 KiB."""
    size = (board.flash.size - _BOOT_LOADER) // 2 // _SECTOR * _SECTOR
    if size <= 0:
        raise UsageError(
            f"{board.name} has {board.flash.size:,} bytes of flash, too few for the default slots "
            "of MCUboot; give --slot START:SIZE."
        )
    return board.flash.start + _BOOT_LOADER, size


def board_in_slot(board: Board, bootloader: Bootloader) -> Board:
    """The board as an image in a slot sees it. Raises UsageError where the slot cannot be."""
    others = [name for name in board.sections if name != "vectors"]
    if others or board.sections["vectors"]:
        named = ", ".join(others) or "vectors"
        raise UsageError(
            f"{board.name} has parts at fixed places of its flash ({named}), which a boot loader "
            "would have to hold; --bootloader mcuboot cannot build for it."
        )
    start, size = bootloader.slot or default_slot(board)
    if start < board.flash.start or start + size > board.flash.end or size < 2 * RESERVED:
        raise UsageError(
            f"the slot 0x{start:x}:0x{size:x} is not inside the flash of {board.name} "
            f"(0x{board.flash.start:x}:0x{board.flash.size:x}), or has less than {2 * RESERVED:,} "
            "bytes."
        )
    if start % 512:
        raise UsageError(f"the slot begins at 0x{start:x}, which is no multiple of 512.")
    emulated = board.unicorn
    return replace(
        board,
        flash=Memory(board.flash.name, "flash", start, size - RESERVED),
        sections={"vectors": HEADER},
        qemu=None,
        renode=None,
        not_emulated=None if emulated else "an image for MCUboot starts behind its header",
    )


def sign_slot_image(folder: Path, board: Board, bootloader: Bootloader) -> SignedImage:
    """Sign firmware.bin in place, and firmware.hex; writes mcuboot.json.

    Raises UsageError for key or version, ToolError without imgtool, DoesNotFitError.
    """
    if not _VERSION.fullmatch(bootloader.version):
        raise UsageError(
            f"the version {bootloader.version!r} is none of MCUboot's, such as 1.2.3 or 1.2.3+4."
        )
    start, size = board.flash.start, board.flash.size + RESERVED
    for kind in ("bin", "hex"):
        plain, signed = folder / f"firmware.{kind}", folder / f"signed.{kind}"
        run_imgtool(
            "sign", "--key", bootloader.key.absolute(), "--header-size", hex(HEADER),
            "--pad-header", "--align", "8", "--slot-size", hex(size), "--version",
            bootloader.version, "--security-counter", bootloader.counter, plain, signed,
            doing=f"sign {plain.name}",
        )  # fmt: skip
        signed.replace(plain)
    done = SignedImage(
        start, size, HEADER, bootloader.version, bootloader.counter, bootloader.key.name
    )
    (folder / DOCUMENT).write_text(documents.indented(done))
    return done


def verify_slot_image(image: Path, key: Path) -> str:
    """What imgtool says of a signed image. Raises CheckFailedError when `key` did not sign it."""
    try:
        return run_imgtool("verify", "--key", key.absolute(), image, doing=f"verify {image}")
    except ToolError as error:
        raise CheckFailedError(str(error)) from error


def run_imgtool(command: str, *arguments: object, doing: str) -> str:
    """Run imgtool; its output. Raises ToolError, DoesNotFitError when the slot is too small."""
    if importlib.util.find_spec("imgtool") is None:
        raise missing_package("imgtool", "--bootloader mcuboot")
    program = [sys.executable, "-P", "-m", "imgtool.main", command, *map(str, arguments)]
    done = subprocess.run(
        program, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", check=False, timeout=120,
    )  # fmt: skip
    if done.returncode == 0:
        return done.stdout
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    said = printable(lines[-1] if lines else "nothing")
    if "exceeds" in said and "slot" in done.stdout.lower():
        raise DoesNotFitError(f"the signed image does not fit its slot: imgtool said: {said}.")
    raise ToolError(f"imgtool could not {doing}: it said: {said}.")

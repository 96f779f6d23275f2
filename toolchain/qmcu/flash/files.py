"""The files of an image, read once, each compared with what the ELF file holds."""

from collections.abc import Iterable, Mapping

from qmcu.builder.mcuboot import DOCUMENT
from qmcu.device.image import Image
from qmcu.errors import UsageError
from qmcu.files import read_regular
from qmcu.firmware import Firmware

_DATA, _END, _EXTENDED_SEGMENT, _EXTENDED_LINEAR = 0, 1, 2, 4
_ENTRIES = (3, 5)


def image_files(firmware: Firmware) -> dict[str, bytes]:
    """firmware.elf, .bin, .hex and, with external flash, -external.bin by their names.

    Raises UsageError when they cannot be read or are not the same bytes.
    """
    directory, board, image = firmware.root, firmware.board, firmware.image
    flat = {"firmware.bin": board.flash.start}
    if board.external_flash is not None:
        flat["firmware-external.bin"] = board.external_flash.start
    names = ("firmware.elf", *flat, "firmware.hex")
    files = {name: read_regular(directory / name) for name in names}
    if not _holds(image, {start: files[name] for name, start in flat.items()}):
        raise UsageError(
            f"{directory}: {' and '.join(flat)} {'is' if len(flat) == 1 else 'are'} not what "
            "firmware.elf holds; run make there, or build again."
        )
    try:
        inside = read_hex(files["firmware.hex"])
        # An image for MCUboot has a header and a signature, too: all of firmware.bin then.
        signed = {board.flash.start: files["firmware.bin"]}
        same = inside == (signed if is_signed(firmware) else _bytes_of(image))
    except ValueError as error:
        raise UsageError(f"{directory}/firmware.hex is damaged: {error}; build again.") from error
    if not same:
        raise UsageError(
            f"{directory}: firmware.hex is not what firmware.elf holds; run make there, or build "
            "again."
        )
    return files


def is_signed(firmware: Firmware) -> bool:
    """Whether the image is one for MCUboot, which its ELF file alone is not."""
    return (firmware.root / DOCUMENT).is_file()


def _holds(image: Image, parts: Mapping[int, bytes]) -> bool:
    """Whether every segment lies in one of the flat `parts`, by their first addresses."""
    return all(
        any(
            (at := segment.address - start) >= 0
            and content[at : at + len(segment.data)] == segment.data
            for start, content in parts.items()
        )
        for segment in image.segments
    )


def _bytes_of(image: Image) -> dict[int, bytes]:
    return _joined((s.address, s.data) for s in image.segments)


def read_hex(text: bytes) -> dict[int, bytes]:
    """The pieces of an Intel HEX file by their addresses. Raises ValueError when it is none."""
    pieces: list[tuple[int, bytes]] = []
    base = 0
    for number, line in enumerate(text.split(), 1):
        record = bytes.fromhex(line[1:].decode("ascii")) if line[:1] == b":" else b""
        if len(record) < 5 or len(record) != record[0] + 5 or sum(record) & 0xFF:
            raise ValueError(f"line {number} is no record")
        address, kind, data = int.from_bytes(record[1:3], "big"), record[3], record[4:-1]
        if kind == _DATA:
            pieces.append((base + address, data))
        elif kind in (_EXTENDED_SEGMENT, _EXTENDED_LINEAR):
            base = int.from_bytes(data, "big") << (4 if kind == _EXTENDED_SEGMENT else 16)
        elif kind == _END:
            break
        elif kind not in _ENTRIES:
            raise ValueError(f"line {number} has the type {kind}")
    return _joined(pieces)


def _joined(pieces: Iterable[tuple[int, bytes]]) -> dict[int, bytes]:
    """Pieces by address, those that touch as one."""
    joined: dict[int, bytearray] = {}
    start = end = -1
    for address, data in sorted(p for p in pieces if p[1]):
        if address != end:
            start = address
            joined[start] = bytearray()
        joined[start] += data
        end = address + len(data)
    return {address: bytes(data) for address, data in joined.items()}

"""One flipped bit: before boot or between two inferences, and what the device makes of it."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from qmcu.board import load_board
from qmcu.builder import BuildOptions, Category, build_firmware
from qmcu.builder.classify import Piece, classify, constant_owners
from qmcu.builder.elf_layout import read_layout, read_parts
from qmcu.device.image import Image, Segment
from qmcu.device.session import Refused, Session
from qmcu.device.targets import unicorn_machine
from qmcu.device.unicorn import UnicornLink
from qmcu.errors import GuestFault, QmcuError
from qmcu.firmware import Firmware

# Seconds that the firmware may run without a word: then it counts as mute.
_MUTE_S = 4.0


class Outcome(StrEnum):
    """What came of a flip, as the table names it."""

    RIGHT = "right outputs, nothing said"
    WRONG = "wrong outputs, unnoticed"
    LATE = "wrong outputs, noticed afterwards"
    BOOT = "found at boot"
    CHECK = "found while running"
    FAULT = "a fault"
    MUTE = "mute, or nonsense"


@dataclass(frozen=True)
class Subject:
    """A built firmware, the bytes that are flipped of it, and what it answers unharmed."""

    firmware: Firmware
    every: int
    constants: tuple[int, ...]
    code: tuple[int, ...]
    inputs: tuple[bytes, ...]
    expected: tuple[bytes, ...]


def build_subject(model: Path, folder: Path, board: str, every: int, seed: int = 1) -> Subject:
    """A release that checks itself in `every` inferences, or with 0 a firmware that is none."""
    options = BuildOptions(release=every > 0, check_every=max(every, 1))
    build_firmware(model, load_board(board), folder, options)
    firmware = Firmware.load(folder)
    constants, code = _places(firmware)
    rng = random.Random(seed)
    sizes = [firmware.plan.tensor(i).size for i in firmware.plan.inputs]
    inputs = tuple(rng.randbytes(sum(sizes)) for _ in range(4))
    subject = Subject(firmware, every, constants, code, inputs, ())
    with Session(_link(subject, firmware.image)) as session:
        expected = tuple(_infer(session, firmware, data) for data in inputs)
    return replace(subject, expected=expected)


def _places(firmware: Firmware) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Addresses of the model's constants, and of all else that is part of the image."""
    layout, owners = read_layout(firmware.elf), constant_owners(firmware.plan)
    loaded = {
        address
        for section in layout.sections
        if section.load_address is not None and section.name != ".seal"
        for address in range(section.load_address, section.load_address + section.size)
    }
    constants = {
        address
        for symbol in layout.symbols
        if classify(Piece(".rodata", ".rodata", "model.o", symbol.name), owners).category
        is Category.CONSTANTS
        and _is_models(symbol.name, owners)
        for address in range(symbol.address, symbol.address + symbol.size)
    } & loaded
    assert len(loaded) >= len(read_parts(firmware.elf)[1])
    return tuple(sorted(constants)), tuple(sorted(loaded - constants))


def _is_models(name: str, owners: object) -> bool:
    assert isinstance(owners, dict)
    return name in owners or "_parameters" in name or "_tensors_" in name


def _link(subject: Subject, image: Image) -> UnicornLink:
    return UnicornLink(image, unicorn_machine(subject.firmware.board), _MUTE_S)


def _infer(session: Session, firmware: Firmware, data: bytes) -> bytes:
    inputs, at = [], 0
    for index in firmware.plan.inputs:
        size = firmware.plan.tensor(index).size
        inputs.append(data[at : at + size])
        at += size
    return b"".join(session.infer(inputs).outputs)


def flip_before_boot(subject: Subject, address: int, bit: int) -> Outcome:
    """The device starts with that bit of its flash flipped."""
    image = subject.firmware.image
    segments = tuple(_flipped(segment, address, bit) for segment in image.segments)
    return _watched(subject, replace(image, segments=segments), None)


def flip_while_running(subject: Subject, address: int, bit: int) -> Outcome:
    """The bit flips after the device has answered once."""
    return _watched(subject, subject.firmware.image, (address, bit))


def _flipped(segment: Segment, address: int, bit: int) -> Segment:
    at = address - segment.address
    if not 0 <= at < len(segment.data):
        return segment
    data = bytearray(segment.data)
    data[at] ^= 1 << bit
    return Segment(segment.address, bytes(data))


def _watched(subject: Subject, image: Image, later: tuple[int, int] | None) -> Outcome:
    """As many inferences as two rounds of the check take, and one more."""
    wrong = 0
    try:
        link = _link(subject, image)
        with Session(link, timeout_s=3 * _MUTE_S, open_timeout_s=3 * _MUTE_S) as session:
            session.repetitions = 0
            if later is not None:
                _infer(session, subject.firmware, subject.inputs[0])
                address, bit = later
                byte = link._emulator.mem_read(address, 1)[0]
                link._emulator.mem_write(address, bytes([byte ^ 1 << bit]))
                link._emulator.ctl_flush_tb()
            for step in range(max(2 * subject.every + 1, len(subject.inputs))):
                at = step % len(subject.inputs)
                got = _infer(session, subject.firmware, subject.inputs[at])
                wrong += got != subject.expected[at]
    except Refused:
        return Outcome.LATE if wrong else Outcome.BOOT
    except GuestFault as fault:
        if wrong:
            return Outcome.LATE
        if "no answer after" in str(fault):
            return Outcome.MUTE
        return Outcome.CHECK if "changed while it ran" in str(fault) else Outcome.FAULT
    except QmcuError:
        return Outcome.LATE if wrong else Outcome.MUTE
    return Outcome.WRONG if wrong else Outcome.RIGHT


def all_bits(addresses: Sequence[int]) -> list[tuple[int, int]]:
    """Every bit of these bytes."""
    return [(address, bit) for address in addresses for bit in range(8)]


def campaign(subject: Subject, flips: Sequence[tuple[int, int]], running: bool) -> Counter[Outcome]:
    """What came of each flip, counted."""
    run = flip_while_running if running else flip_before_boot
    return Counter(run(subject, *flip) for flip in flips)

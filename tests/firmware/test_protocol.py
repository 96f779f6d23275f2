"""The firmware's side of the protocol: right answers among garbage, errors with a reason."""

import random
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.fixtures import Builder
from tests.support.lookup_plan import ADDED, SIZE

from qmcu.device.frames import Frame, FrameReader, encode
from qmcu.device.link import Link
from qmcu.device.messages import Hello, parse_error, parse_hello
from qmcu.device.targets import open_session
from qmcu.device.unicorn import UnicornLink
from qmcu.firmware import Firmware

HELLO, INFER, PROFILE, TRACE, BAUD = 1, 2, 3, 4, 5
FIRST_RATE = 115_200
ERROR = 0xFF
DAMAGED, UNKNOWN, WRONG_LENGTH, BAD_ARGUMENT = 1, 2, 3, 4
TARGETS = [("stm32f746", "unicorn"), ("stm32f407", "unicorn"), ("mps2-an385", "qemu")]


@pytest.fixture(scope="module", params=TARGETS, ids="-".join)
def link(request: pytest.FixtureRequest, firmware: Builder) -> Iterator[Link]:
    board, target = request.param
    with open_session(target, Firmware.load(firmware(board))) as session:
        yield session.link


def frames(link: Link, data: bytes, wanted: int) -> list[Frame]:
    """Send raw bytes and collect what is answered, at least `wanted` frames."""
    link.write(data)
    reader = FrameReader()
    found: list[Frame] = []
    while len(found) < wanted:
        received = link.read(5.0)
        assert received, f"only {len(found)} of {wanted} frames came"
        found += reader.feed(received)
    return found


def answer(link: Link, frame: Frame) -> Frame:
    last = until(link, encode(frame), frame.sequence)[-1]
    assert last.payload[:4] == struct.pack("<I", frame.crc)
    return last


def until(link: Link, data: bytes, sequence: int) -> list[Frame]:
    """Send raw bytes and collect frames up to the one with this sequence number."""
    link.write(data)
    reader = FrameReader()
    found: list[Frame] = []
    while not found or found[-1].sequence != sequence:
        received = link.read(5.0)
        assert received, f"{len(found)} frames came, none with sequence {sequence}"
        found += reader.feed(received)
    return found


def error_of(frame: Frame) -> tuple[int, str]:
    assert frame.type == ERROR
    assert len(frame.payload) == 6, "an ERROR is its code alone"
    return parse_error(frame.payload[4:])


def inputs(seed: int) -> bytes:
    return random.Random(seed).randbytes(SIZE)


def outputs(data: bytes) -> bytes:
    return bytes((b + ADDED) & 255 for b in data)


def test_infer_answers_for_its_input_only(link: Link) -> None:
    for sequence in range(20):
        data = inputs(sequence)
        response = answer(link, Frame(INFER, 1000 + sequence, data))
        assert response.type == INFER | 0x80
        assert response.payload[16:] == outputs(data)


@pytest.mark.parametrize(
    "data", [bytes(SIZE), b"\xff" * SIZE, (bytes(253) + b"\1") * 2 + bytes(92)]
)
def test_zeros_and_full_blocks_pass(link: Link, data: bytes) -> None:
    assert answer(link, Frame(INFER, 13, data)).payload[16:] == outputs(data)


def test_profile_has_a_figure_for_each_layer(link: Link) -> None:
    response = answer(link, Frame(PROFILE, 2, inputs(3)))
    total, stack, first, second = struct.unpack_from("<QIQQ", response.payload, 4)
    assert total == first + second
    assert 0 < stack < 1000
    assert response.payload[32:] == outputs(inputs(3))


def test_trace_stops_after_the_layers_asked_for(link: Link) -> None:
    data = inputs(4)
    for layers, added, offset in ((0, 0, 0), (1, 1, SIZE), (2, ADDED, 0)):
        arguments = struct.pack("<III", layers, offset, SIZE)
        response = answer(link, Frame(TRACE, 5, arguments + data))
        assert response.payload[4:] == bytes((b + added) & 255 for b in data)
    for bad in ((3, 0, 1), (1, 0, 2 * SIZE + 1), (1, 0xFFFFFFFF, 2), (1, 2 * SIZE, 0xFFFFFFFF)):
        response = answer(link, Frame(TRACE, 6, struct.pack("<III", *bad) + data))
        assert error_of(response)[0] == BAD_ARGUMENT


def test_wrong_requests_get_a_reason(link: Link) -> None:
    assert error_of(answer(link, Frame(0x55, 7))) == (UNKNOWN, "unknown request")
    for kind, payload in ((HELLO, b"x"), (INFER, inputs(1)[1:]), (INFER, inputs(1) + b"x"),
                          (PROFILE, b""), (TRACE, b"short"), (BAUD, b"abc")):  # fmt: skip
        assert error_of(answer(link, Frame(kind, 8, payload)))[0] == WRONG_LENGTH


def test_damaged_frames_are_refused_and_the_next_is_answered(link: Link) -> None:
    generator = random.Random(0)
    good = encode(Frame(INFER, 9, inputs(9)))
    for _ in range(15):
        data = bytearray(good)
        for _ in range(generator.randint(1, 3)):
            data[generator.randrange(1, len(data) - 1)] = generator.randrange(256)
        cut = bytes(data[: generator.randrange(2, len(data))])
        for damaged in (bytes(data), cut):
            if damaged == good:
                continue
            after = Frame(INFER, 10, inputs(10))
            link.write(damaged + b"\0")
            found = until(link, encode(after), 10)
            assert found[-1].payload[16:] == outputs(inputs(10))
            assert all(error_of(f)[0] == DAMAGED for f in found[:-1])


def test_repeated_frames_are_answered_each(link: Link) -> None:
    request = encode(Frame(INFER, 11, inputs(11)))
    found = frames(link, request * 3, 3)
    assert [f.payload[16:] for f in found] == [outputs(inputs(11))] * 3


def test_garbage_without_end_is_survived(link: Link) -> None:
    noise = random.Random(1).randbytes(20_000)
    link.write(noise + b"\0")
    after = Frame(HELLO, 12)
    found = until(link, encode(after), 12)
    assert found[-1].type == HELLO | 0x80


def rate(link: Link, wanted: int) -> Frame:
    return answer(link, Frame(BAUD, 20 + wanted % 1000, struct.pack("<I", wanted)))


def test_the_rate_is_agreed_kept_and_left(link: Link) -> None:
    for wanted in (460_800, 460_800, FIRST_RATE):
        reached = struct.unpack("<I", rate(link, wanted).payload[4:])[0]
        assert reached == pytest.approx(wanted, rel=0.02)
        assert answer(link, Frame(INFER, 14, inputs(14))).payload[16:] == outputs(inputs(14))


@pytest.mark.parametrize("wanted", [0, 1, 1199, 19_000_000, 0xFFFFFFFF])
def test_a_rate_that_cannot_be_had_is_refused(link: Link, wanted: int) -> None:
    assert error_of(rate(link, wanted)) == (
        BAD_ARGUMENT,
        "no such model, part of a model, or bit rate",
    )


def hello(link: Link) -> Hello:
    return parse_hello(answer(link, Frame(HELLO, 15)).payload[4:])


@pytest.fixture(params=["stm32f746", "stm32f407", "nucleo-l4r5zi"])
def chip(request: pytest.FixtureRequest, firmware: Builder) -> Iterator[UnicornLink]:
    with open_session("unicorn", Firmware.load(firmware(request.param))) as session:
        assert isinstance(session.link, UnicornLink)
        yield session.link


def raised(chip: UnicornLink) -> bool:
    """Whether the UART runs at four times its first rate; else it must run at that one."""
    ratio: float = chip.first_divisor / chip.uart.divisor  # type: ignore[attr-defined]
    assert ratio == pytest.approx(4, rel=0.02) or ratio == 1
    return ratio > 1


def raise_rate(chip: UnicornLink) -> None:
    chip.first_divisor = chip.uart.divisor  # type: ignore[attr-defined]
    rate(chip, 4 * FIRST_RATE)
    chip.write(b"\0")
    assert chip.read(1.0) == b""
    assert raised(chip)


def test_a_rate_is_left_when_nobody_confirms_it_in_time(chip: UnicornLink) -> None:
    raise_rate(chip)
    for hertz, expected in ((1.9, True), (0.2, False)):
        chip.counter.instructions += int(hertz * hello(chip).clock_hz)
        chip.write(b"\0")
        assert chip.read(1.0) == b""
        assert raised(chip) == expected


def test_a_confirmed_rate_is_left_when_bytes_have_no_stop_bit(chip: UnicornLink) -> None:
    raise_rate(chip)
    rate(chip, 4 * FIRST_RATE)
    chip.counter.instructions += 10**12
    for count, expected in ((15, True), (1, False)):
        chip.uart.put(bytes(count), broken=True)
        chip.write(b"")
        assert chip.read(1.0) == b""
        assert raised(chip) == expected


def test_a_confirmed_rate_is_left_when_every_frame_is_damaged(chip: UnicornLink) -> None:
    raise_rate(chip)
    rate(chip, 4 * FIRST_RATE)
    assert len(frames(chip, b"\0xyz\0" * 15, 15)) == 15
    assert raised(chip)
    hello(chip)
    assert len(frames(chip, b"\0xyz\0" * 16, 16)) == 16
    chip.write(b"\0")
    assert chip.read(1.0) == b""
    assert not raised(chip)


def test_both_build_files_give_the_same_program(firmware: Builder, tmp_path: Path) -> None:
    if shutil.which("cmake") is None:
        pytest.skip("cmake is not installed")
    project = tmp_path / "project"
    shutil.copytree(firmware("stm32f746"), project)
    for command in (["cmake", "-B", "build/cmake"], ["cmake", "--build", "build/cmake"]):
        subprocess.run(command, cwd=project, check=True, capture_output=True)
    assert (project / "build/cmake/firmware.bin").read_bytes() == (
        project / "firmware.bin"
    ).read_bytes()

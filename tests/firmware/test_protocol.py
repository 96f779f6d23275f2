"""The firmware's side of the protocol: right answers among garbage, errors with a reason."""

import random
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.firmware.conftest import ADDED, SIZE, Builder

from qmcu.device.frames import Frame, FrameReader, encode
from qmcu.device.link import Link
from qmcu.device.targets import open_session

HELLO, INFER, PROFILE, TRACE = 1, 2, 3, 4
ERROR = 0xFF
DAMAGED, UNKNOWN, WRONG_LENGTH, BAD_ARGUMENT = 1, 2, 3, 4
TARGETS = [("stm32f746", "unicorn"), ("stm32f407", "unicorn"), ("mps2-an385", "qemu")]


@pytest.fixture(scope="module", params=TARGETS, ids="-".join)
def link(request: pytest.FixtureRequest, firmware: Builder) -> Iterator[Link]:
    board, target = request.param
    with open_session(target, firmware(board)) as session:
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
    return struct.unpack_from("<H", frame.payload, 4)[0], frame.payload[6:].decode()


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
                          (PROFILE, b""), (TRACE, b"short")):  # fmt: skip
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

"""Frames survive any cutting; nothing but a whole frame ever becomes one."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmcu.device.frames import Frame, FrameReader, decode, encode

frames = st.builds(
    Frame,
    type=st.integers(0, 255),
    sequence=st.integers(0, 65535),
    payload=st.binary(max_size=700) | st.binary(max_size=3).map(lambda b: b * 300),
)


def read(*pieces: bytes) -> list[Frame]:
    reader = FrameReader()
    return [frame for piece in pieces for frame in reader.feed(piece)]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[a:b] for a, b in pairwise(edges)]


@given(st.lists(frames, max_size=4), st.lists(st.integers(0, 10_000), max_size=8))
def test_frames_arrive_whole_however_the_stream_is_cut(
    sent: list[Frame], places: list[int]
) -> None:
    assert read(*cut(b"".join(map(encode, sent)), places)) == sent


@given(frames)
def test_zero_stands_only_around_a_frame(frame: Frame) -> None:
    assert 0 not in encode(frame)[1:-1]


@given(st.binary(max_size=200), frames)
def test_a_frame_after_garbage_is_read(garbage: bytes, frame: Frame) -> None:
    assert read(garbage + encode(frame)) == [frame]


@given(frames, st.data())
def test_a_damaged_frame_is_dropped_and_the_next_one_read(
    frame: Frame, data: st.DataObject
) -> None:
    good = encode(frame)
    at = data.draw(st.integers(1, len(good) - 2))
    flip = data.draw(st.integers(1, 255))
    damaged = good[:at] + bytes([good[at] ^ flip]) + good[at + 1 :]
    assert read(damaged + encode(Frame(1, 2))) == [Frame(1, 2)]


@given(frames, frames, st.data())
def test_a_truncated_frame_is_dropped(frame: Frame, after: Frame, data: st.DataObject) -> None:
    part = encode(frame)[: data.draw(st.integers(0, len(encode(frame)) - 2))]
    assert read(part + encode(after)) == [after]


@given(frames)
def test_a_repeated_frame_is_read_twice(frame: Frame) -> None:
    assert read(encode(frame) * 2) == [frame, frame]


def test_damage_is_counted() -> None:
    reader = FrameReader()
    reader.feed(b"\0\0\0" + encode(Frame(1, 1))[:-4] + b"\0" + b"\xff\0")
    assert reader.damaged == 2


def test_an_endless_frame_is_not_kept() -> None:
    reader = FrameReader(longest=100)
    for _ in range(50):
        assert reader.feed(b"\x01" * 30) == []
    assert sum(map(len, reader._parts)) <= 100
    assert reader.feed(b"\0" + encode(Frame(3, 4, b"x"))) == [Frame(3, 4, b"x")]


@pytest.mark.parametrize("stuffed", [b"", b"\x01", b"\x05abcd", b"\xff\x01"])
def test_short_pieces_are_no_frames(stuffed: bytes) -> None:
    assert decode(stuffed) is None


def test_the_layout_is_the_documented_one() -> None:
    # 01 00 3412 00000000, its CRC-32 0x2c435eae, each zero replaced by the way to the next one.
    assert encode(Frame(1, 0x1234)).hex(" ") == "00 02 01 03 34 12 01 01 01 05 ae 5e 43 2c 00"

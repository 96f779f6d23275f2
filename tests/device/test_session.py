"""A session gives the right answer or an error, whatever the link does."""

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.device.fake import (
    BUILD,
    MODEL,
    Disturb,
    FakeLink,
    hello,
    honest,
    response,
    unsolicited,
)

from qmcu.device.frames import Frame, encode
from qmcu.device.session import Session
from qmcu.errors import DeviceError, GuestFault, VectorError

INPUT = b"\x01\x02\x03\xff"
OUTPUT = b"\x02\x03\x04\x00"


def after_hello(disturb: Disturb) -> Disturb:
    """Disturb everything but HELLO."""
    return lambda request, right: right if request.type == 1 else disturb(request, right)


class First:
    """Disturb only the first request after HELLO."""

    def __init__(self, disturb: Disturb) -> None:
        self.disturb = disturb
        self.calls = 0

    def __call__(self, request: Frame, right: bytes) -> bytes:
        if request.type == 1:
            return right
        self.calls += 1
        return self.disturb(request, right) if self.calls == 1 else right


def test_hello_tells_model_build_and_sizes() -> None:
    with Session(FakeLink(), model_sha256=MODEL.hex(), build_id=BUILD.hex()) as session:
        assert (session.hello.inputs, session.hello.outputs) == ((4,), (4,))
        assert (session.hello.layers, session.hello.arena, session.hello.board) == (2, 64, "board")


def test_infer_takes_bytes_and_int8_arrays() -> None:
    with Session(FakeLink()) as session:
        result = session.infer([INPUT])
        assert (result.outputs, result.cycles, result.stack_bytes) == ((OUTPUT,), 60, 100)
        array = np.frombuffer(INPUT, np.int8).reshape(2, 2)
        assert session.infer([array]).outputs == (OUTPUT,)


def test_profile_counts_only_meanwhile() -> None:
    link = FakeLink()
    with Session(link) as session:
        result = session.profile([INPUT])
    assert (result.total, result.layers, result.unit, result.how) == (
        60, (20, 40), "cycles", "the fake",
    )  # fmt: skip
    assert link.counted == [True, False]


def test_the_link_is_closed_at_the_end_and_after_a_failed_start() -> None:
    link = FakeLink()
    with Session(link):
        assert not link.closed
    assert link.closed
    link = FakeLink()
    with pytest.raises(DeviceError, match="the device runs model"):
        Session(link, model_sha256="00" * 32)
    assert link.closed


def test_another_build_of_the_same_model_is_refused() -> None:
    with pytest.raises(DeviceError, match="the device runs build 2021"):
        Session(FakeLink(), model_sha256=MODEL.hex(), build_id="00" * 32)


def test_another_protocol_version_is_refused() -> None:
    link = FakeLink(lambda request, right: response(request, hello(version=7)))
    with pytest.raises(DeviceError, match="speaks protocol 7"):
        Session(link)


def test_a_silent_device_is_given_up() -> None:
    with pytest.raises(DeviceError, match="did not answer HELLO"):
        Session(FakeLink(lambda request, right: b""), open_timeout_s=0.05)


def test_a_booting_device_is_asked_again() -> None:
    asked: list[int] = []

    def boot(request: Frame, right: bytes) -> bytes:
        asked.append(request.type)
        return b"" if len(asked) < 3 else unsolicited(0x80) * (len(asked) == 3) + right

    with Session(FakeLink(boot)) as session:
        assert session.infer([INPUT]).outputs == (OUTPUT,)
    assert asked == [1, 1, 1, 2]


@pytest.mark.parametrize(
    "inputs",
    [[], [INPUT, INPUT], [INPUT[1:]], [INPUT + b"x"], [np.zeros(4, np.uint8)]],
    ids=["none", "two", "short", "long", "uint8"],
)
def test_wrong_inputs_are_refused_before_sending(inputs: Any) -> None:
    link = FakeLink()
    with Session(link) as session, pytest.raises(VectorError):
        session.infer(inputs)
    assert len(link.requests) == 1


LOST = {
    "nothing": lambda request, right: b"",
    "truncated": lambda request, right: right[:-5] + b"\0",
    "damaged request": lambda request, right: unsolicited(0xFF, b"\x01\x00damaged"),
    "reset": lambda request, right: unsolicited(0x80),
    "other sequence": lambda request, right: response(
        Frame(request.type, request.sequence + 1, request.payload), right[-9:]
    ),
    "other type": lambda request, right: response(request, b"", kind=0x84),
}


@pytest.mark.parametrize("disturb", LOST.values(), ids=LOST)
def test_a_lost_request_is_sent_again_with_a_new_sequence(disturb: Disturb) -> None:
    link = FakeLink(First(disturb))
    with Session(link) as session:
        assert session.infer([INPUT]).outputs == (OUTPUT,)
    sequences = [request.sequence for request in link.requests]
    assert len(sequences) == len(set(sequences)) == 3


@pytest.mark.parametrize("disturb", LOST.values(), ids=LOST)
def test_a_request_is_sent_four_times_at_most(disturb: Disturb) -> None:
    link = FakeLink(after_hello(disturb))
    with Session(link) as session, pytest.raises(DeviceError, match="failed 4 times"):
        session.infer([INPUT])
    assert len(link.requests) == 5


def test_an_answer_to_another_input_is_never_taken() -> None:
    def other_input(request: Frame, right: bytes) -> bytes:
        other = Frame(request.type, request.sequence, b"\x09\x09\x09\x09")
        return honest(other)

    with Session(FakeLink(First(other_input))) as session:
        assert session.infer([INPUT]).outputs == (OUTPUT,)


def test_late_answers_are_dropped() -> None:
    late: list[bytes] = []

    def delay(request: Frame, right: bytes) -> bytes:
        late.append(right)
        return b"" if len(late) == 1 else late[0] + right

    with Session(FakeLink(after_hello(delay))) as session:
        assert session.infer([INPUT]).outputs == (OUTPUT,)
        assert session.infer([b"\x10\x11\x12\x13"]).outputs == (b"\x11\x12\x13\x14",)


@settings(max_examples=60, deadline=None)
@given(noise=st.lists(st.binary(max_size=40), min_size=8, max_size=8), inputs=st.binary(
    min_size=4, max_size=4))  # fmt: skip
def test_noise_around_answers_never_gives_a_wrong_result(noise: list[bytes], inputs: bytes) -> None:
    pieces = iter(noise)

    def disturb(request: Frame, right: bytes) -> bytes:
        return next(pieces, b"") + right + next(pieces, b"")

    with Session(FakeLink(after_hello(disturb))) as session:
        for _ in range(2):
            outputs = session.infer([inputs]).outputs
            assert outputs == (bytes((b + 1) & 255 for b in inputs),)


def test_a_refusal_is_told_with_its_reason() -> None:
    refuse = after_hello(lambda request, right: response(request, b"\x03\x00too long", kind=0xFF))
    with Session(FakeLink(refuse)) as session, pytest.raises(DeviceError, match=r"too long \(3\)"):
        session.infer([INPUT])


def test_a_crash_is_told_with_cause_address_and_function() -> None:
    record = struct.pack("<9I", 5, 0x100, 0x100, 0x20000100, 0, 1 << 9 | 1 << 15, 0, 0, 0x30000000)
    crash = after_hello(lambda request, right: unsolicited(0xFE, record))
    link = FakeLink(crash)
    with Session(link) as session, pytest.raises(GuestFault) as caught:
        session.infer([INPUT])
    assert "bus fault at 0x00000100 in somewhere" in str(caught.value)
    assert "0x30000000" in str(caught.value)
    assert len(link.requests) == 2


def test_a_peer_that_is_gone_is_no_time_out() -> None:
    link = FakeLink(after_hello(lambda request, right: b""))
    with Session(link) as session:
        link.gone = True
        with pytest.raises(DeviceError, match="gone"):
            session.infer([INPUT])


def test_an_answer_of_the_wrong_length_is_refused() -> None:
    short = after_hello(lambda request, right: response(request, bytes(15)))
    with Session(FakeLink(short)) as session, pytest.raises(DeviceError, match="15 bytes where 16"):
        session.infer([INPUT])


def test_trace_returns_what_was_asked_for_and_checks_its_bounds() -> None:
    with Session(FakeLink()) as session:
        assert session.trace(1, 60, 4, [INPUT]) == bytes(4)
        for arguments in ((3, 0, 4), (-1, 0, 4), (1, 61, 4), (1, -1, 4), (1, 0, -1)):
            with pytest.raises(VectorError):
                session.trace(*arguments, [INPUT])


def test_sequence_numbers_wrap_without_zero() -> None:
    link = FakeLink()
    with Session(link) as session:
        session._sequence = 0xFFFE
        for _ in range(3):
            session.infer([INPUT])
    assert [request.sequence for request in link.requests[1:]] == [0xFFFF, 1, 2]


def test_frames_too_short_for_a_response_are_ignored() -> None:
    short = after_hello(lambda request, right: encode(Frame(0x82, request.sequence, b"ab")) + right)
    with Session(FakeLink(short)) as session:
        assert session.infer([INPUT]).outputs == (OUTPUT,)


def test_a_lost_inference_of_a_model_with_state_begins_its_sequence_anew() -> None:
    lost = iter([False, True, False, False, False, False])

    def drop(request: Frame, right: bytes) -> bytes:
        return b"" if request.type == 2 and next(lost) else right

    link = FakeLink(drop)
    with Session(link, keeps_state=True) as session:
        results = session.infer_sequence([[INPUT], [INPUT]])
    assert [r.outputs for r in results] == [(OUTPUT,), (OUTPUT,)]
    assert [request.type for request in link.requests] == [1, 6, 2, 2, 6, 2, 2]


def test_a_lost_inference_alone_says_that_the_state_is_lost() -> None:
    link = FakeLink(after_hello(LOST["nothing"]))
    message = r"INFER was lost .* begin the sequence again"
    with Session(link, keeps_state=True) as session, pytest.raises(DeviceError, match=message):
        session.infer([INPUT])


def test_a_model_without_state_is_not_reset() -> None:
    link = FakeLink()
    with Session(link) as session:
        session.reset()
        session.infer_sequence([[INPUT]])
    assert [request.type for request in link.requests] == [1, 2]

"""Responses are parsed with every length checked."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.fake import MODEL, hello

from qmcu.device import messages
from qmcu.device.link import CountUnit
from qmcu.errors import DeviceError

UNIT = CountUnit("instructions", "a test", 62.5)
NOTHING = CountUnit("", "nothing counts")


def test_hello_is_taken_apart() -> None:
    told = messages.parse_hello(hello())
    assert (told.protocol, told.counter, told.model_sha256) == (2, 1, MODEL.hex())
    assert (told.clock_hz, told.layers, told.arena) == (1_000_000, 2, 64)


@given(st.integers(0, 120))
def test_a_hello_of_another_length_is_refused(length: int) -> None:
    whole = hello()
    other = (whole + bytes(120))[:length]
    if len(other) != len(whole):
        with pytest.raises(DeviceError):
            messages.parse_hello(other)


@given(st.binary(max_size=150))
def test_any_bytes_give_a_message_or_an_error(payload: bytes) -> None:
    told = messages.parse_hello(hello())
    for parse in (
        messages.parse_hello,
        messages.parse_fault,
        messages.parse_error,
        lambda data: messages.parse_infer(data, told, UNIT),
        lambda data: messages.parse_profile(data, told, UNIT),
    ):
        try:
            parse(payload)
        except DeviceError as error:
            assert str(error).endswith(".")


def test_a_refusal_has_its_reason_from_this_host_or_from_older_firmware() -> None:
    assert messages.parse_error(b"\x03\x00") == (3, "wrong payload length")
    assert messages.parse_error(b"\x03\x00too long") == (3, "too long")
    assert messages.parse_error(b"\x63\x00") == (99, "for a reason that this host does not know")


def test_counts_are_converted_or_absent() -> None:
    told = messages.parse_hello(hello())
    payload = struct.pack("<QI", 3, 40) + b"abcd"
    assert messages.parse_infer(payload, told, UNIT).cycles == 188
    assert messages.parse_infer(payload, told, NOTHING).cycles is None
    not_counted = struct.pack("<QI", 0, 40) + b"abcd"
    assert messages.parse_infer(not_counted, told, UNIT).cycles is None


def test_profile_has_a_figure_for_each_layer() -> None:
    told = messages.parse_hello(hello())
    payload = struct.pack("<QIQQ", 6, 40, 2, 4) + b"abcd"
    result = messages.parse_profile(payload, told, UNIT)
    assert (result.total, result.layers, result.outputs) == (375, (125, 250), (b"abcd",))

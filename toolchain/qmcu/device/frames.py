"""Frames of docs/PROTOCOL.md: encoding, and an incremental reader that resynchronises."""

import struct
import zlib
from dataclasses import dataclass
from functools import cached_property

from cobs import cobs

_HEADER = struct.Struct("<BBHI")
_CRC = struct.Struct("<I")
_LONGEST = 1 << 26


@dataclass(frozen=True)
class Frame:
    """One message: its type (0..255), sequence number (0..65535) and payload.

    `model` is the number of the model that a request is for, in an image of several.
    """

    type: int
    sequence: int
    payload: bytes = b""
    model: int = 0

    def header(self, longer: int = 0) -> bytes:
        """The header, of a payload that is `longer` by so many bytes."""
        length = len(self.payload) + longer
        return _HEADER.pack(self.type, self.model, self.sequence, length)

    @cached_property
    def content(self) -> bytes:
        """Header and payload, as they are before the CRC and the byte stuffing."""
        return self.header() + self.payload

    @cached_property
    def crc(self) -> int:
        """The CRC-32 that travels with this frame."""
        return zlib.crc32(self.content)


def encode(frame: Frame) -> bytes:
    """The bytes to send: delimiter, stuffed frame, delimiter."""
    stuffed: bytes = cobs.encode(frame.content + _CRC.pack(frame.crc))
    return b"\0" + stuffed + b"\0"


def decode(stuffed: bytes) -> Frame | None:
    """The frame in the bytes between two delimiters, or None when they are damaged."""
    try:
        raw: bytes = cobs.decode(stuffed)
    except cobs.DecodeError:
        return None
    if len(raw) < _HEADER.size + _CRC.size:
        return None
    kind, zero, sequence, length = _HEADER.unpack_from(raw)
    if zero or length != len(raw) - _HEADER.size - _CRC.size:
        return None
    content = raw[: -_CRC.size]
    if _CRC.unpack_from(raw, len(content))[0] != zlib.crc32(content):
        return None
    return Frame(kind, sequence, content[_HEADER.size :])


class FrameReader:
    """Turns a byte stream, cut anywhere, into frames; damaged ones are counted and dropped."""

    def __init__(self, longest: int = _LONGEST) -> None:
        """`longest` bounds the bytes kept while waiting for a delimiter."""
        self._longest = longest
        self._parts: list[bytes] = []
        self._held = 0
        self._overlong = False
        self.damaged = 0

    def feed(self, data: bytes) -> list[Frame]:
        """The frames completed by `data` (any length), in order of arrival."""
        frames: list[Frame] = []
        *finished, rest = data.split(b"\0")
        for piece in finished:
            self._keep(piece)
            frame = self._finish()
            if frame is not None:
                frames.append(frame)
        self._keep(rest)
        return frames

    def _keep(self, piece: bytes) -> None:
        if self._held + len(piece) > self._longest:
            self._overlong = True
            self._parts.clear()
            self._held = 0
        elif piece and not self._overlong:
            self._parts.append(piece)
            self._held += len(piece)

    def _finish(self) -> Frame | None:
        stuffed, overlong = b"".join(self._parts), self._overlong
        self._parts, self._held, self._overlong = [], 0, False
        if not stuffed and not overlong:
            return None
        frame = None if overlong else decode(stuffed)
        if frame is None:
            self.damaged += 1
        return frame

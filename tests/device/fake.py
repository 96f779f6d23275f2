"""A link to a firmware of a few lines of Python: the model adds 1 to each of four bytes."""

import struct
from collections.abc import Callable

from qmcu.device.frames import Frame, FrameReader, encode
from qmcu.device.link import CountUnit
from qmcu.errors import DeviceError

MODEL, BUILD, IMAGE = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))

Disturb = Callable[[Frame, bytes], bytes]


def hello(version: int = 2, flags: int = 1) -> bytes:
    sizes = struct.pack("<HH2I", 1, 1, 4, 4)
    head = struct.pack("<HBB32s32s32sIII", version, 1, flags, MODEL, BUILD, IMAGE, 1_000_000, 2, 64)
    return head + sizes + b"\x05board"


def response(request: Frame, payload: bytes, kind: int | None = None) -> bytes:
    kind = request.type | 0x80 if kind is None else kind
    return encode(Frame(kind, request.sequence, struct.pack("<I", request.crc) + payload))


def unsolicited(kind: int, payload: bytes = b"") -> bytes:
    return encode(Frame(kind, 0, bytes(4) + payload))


def honest(request: Frame) -> bytes:
    """The right answer."""
    if request.type == 1:
        return response(request, hello())
    if request.type == 4:
        _, _, length = struct.unpack_from("<III", request.payload)
        return response(request, bytes(length))
    if request.type == 6:
        return response(request, b"")
    outputs = bytes((b + 1) & 255 for b in request.payload)
    counts = struct.pack("<QI", 30, 100) + struct.pack("<QQ", 10, 20) * (request.type == 3)
    return response(request, counts + outputs)


class FakeLink:
    """`disturb(request, right answer)` gives the bytes that are answered instead."""

    name = "fake"

    def __init__(self, disturb: Disturb | None = None) -> None:
        self.disturb = disturb or (lambda request, right: right)
        self.requests: list[Frame] = []
        self.closed = False
        self.gone = False
        self.counted: list[bool] = []
        self._reader = FrameReader()
        self._answers = b""

    def write(self, data: bytes) -> None:
        for request in self._reader.feed(data):
            self.requests.append(request)
            self._answers += self.disturb(request, honest(request))

    def read(self, timeout_s: float) -> bytes:
        answer, self._answers = self._answers[:7], self._answers[7:]
        return answer

    def check(self) -> None:
        if self.gone:
            raise DeviceError("the fake is gone.")

    def counting(self, wanted: bool) -> None:
        self.counted.append(wanted)

    def count_unit(self, counter: int, clock_hz: int) -> CountUnit:
        return CountUnit("cycles", "the fake", 2.0)

    def function_at(self, address: int) -> str:
        return "somewhere" if address == 0x100 else ""

    def close(self) -> None:
        self.closed = True

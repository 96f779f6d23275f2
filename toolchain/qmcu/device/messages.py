"""What requests and responses carry, parsed with every length checked."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from qmcu.device.link import CountUnit
from qmcu.errors import DeviceError

PROTOCOL_VERSION = 2

_HELLO = struct.Struct("<HBB32s32s32sIIIHH")
_INFER = struct.Struct("<QI")
_FAULT = struct.Struct("<9I")
_GUARD = struct.Struct("<III9I")
TRACE_ARGUMENTS = struct.Struct("<III")
BAUD_ARGUMENT = struct.Struct("<I")
MONITOR_ARGUMENT = struct.Struct("<I")
# What the codes of ERROR say (docs/PROTOCOL.md).
_REASONS = {
    1: "damaged frame",
    2: "unknown request",
    3: "wrong payload length",
    4: "no such model, part of a model, or bit rate",
    5: "damaged image",
    6: "no session",
    7: "locked after failures",
}


class Request(IntEnum):
    """Frame types that the host sends; the response has the top bit set."""

    HELLO = 0x01
    INFER = 0x02
    PROFILE = 0x03
    TRACE = 0x04
    BAUD = 0x05
    RESET = 0x06
    MONITOR = 0x07
    CHALLENGE = 0x08
    OPEN = 0x09


class Response(IntEnum):
    """Frame types that the firmware sends."""

    READY = 0x80
    HELLO = 0x81
    INFER = 0x82
    PROFILE = 0x83
    TRACE = 0x84
    BAUD = 0x85
    RESET = 0x86
    MONITOR = 0x87
    CHALLENGE = 0x88
    OPEN = 0x89
    FAULT = 0xFE
    ERROR = 0xFF


@dataclass(frozen=True)
class Hello:
    """Who answers: protocol version, model, build and image in flash (hex digits), sizes in bytes.

    `debug` tells whether it knows PROFILE and TRACE, `release` whether it wipes its arena; `guard`
    is what a release says of itself. `access`: all else needs a session with its key; `infers`:
    it knows INFER.
    """

    protocol: int
    counter: int
    model_sha256: str
    build_id: str
    image_sha256: str
    debug: bool
    release: bool
    clock_hz: int
    layers: int
    arena: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    board: str
    guard: "Guard | None" = None
    access: bool = False
    infers: bool = True

    @property
    def identity(self) -> bytes:
        """What a session is bound to: model, build and image."""
        return bytes.fromhex(self.model_sha256 + self.build_id + self.image_sha256)

    def __str__(self) -> str:
        return (
            f"{self.board}, model {self.model_sha256[:12]}, build {self.build_id[:12]}, "
            f"{self.layers} layers, inputs {self.inputs}, outputs {self.outputs}"
        )


@dataclass(frozen=True)
class InferResult:
    """One inference: output tensors, the count (None if nothing counted), peak stack in bytes."""

    outputs: tuple[bytes, ...]
    cycles: int | None
    stack_bytes: int


@dataclass(frozen=True)
class ProfileResult:
    """One counted inference: `total` and one figure per layer, in `unit`, obtained by `how`."""

    outputs: tuple[bytes, ...]
    total: int
    layers: tuple[int, ...]
    stack_bytes: int
    unit: str
    how: str


@dataclass(frozen=True)
class Guard:
    """What a release tells of its own protection.

    `sealed`: its image was compared with the seal at boot, and `damaged` is what came of it: then
    it infers nothing. `resets` counts those by faults since power came, the last of which is
    `fault`. `watchdog_ms` and `regions` of memory protection are 0 where the chip has none.
    """

    sealed: bool
    damaged: bool
    resets: int
    watchdog_ms: int
    regions: int
    fault: "Fault | None"


@dataclass(frozen=True)
class Fault:
    """The firmware's crash record: `cause` is the exception number or 0x100, then registers."""

    cause: int
    pc: int
    lr: int
    sp: int
    xpsr: int
    cfsr: int
    hfsr: int
    mmfar: int
    bfar: int


def parse_hello(payload: bytes) -> Hello:
    """The HELLO response's payload after request_crc. Raises DeviceError when malformed."""
    version = int.from_bytes(payload[:2], "little")
    if len(payload) >= 2 and version != PROTOCOL_VERSION:
        raise DeviceError(
            f"the firmware speaks protocol {version}, this qmcu speaks {PROTOCOL_VERSION}; "
            "build the firmware again with this qmcu."
        )
    if len(payload) < _HELLO.size:
        raise _wrong_length("HELLO", len(payload), _HELLO.size)
    _, counter, flags, model, build, image, clock, layers, arena, inputs, outputs = (
        _HELLO.unpack_from(payload)
    )
    name_at = _HELLO.size + 4 * (inputs + outputs)
    told = _GUARD.size if flags & 4 else 0
    if len(payload) <= name_at or len(payload) != name_at + 1 + payload[name_at] + told:
        raise _wrong_length("HELLO", len(payload), name_at + 1 + told)
    name_end = len(payload) - told
    sizes = struct.unpack_from(f"<{inputs + outputs}I", payload, _HELLO.size)
    return Hello(
        protocol=version,
        counter=counter,
        model_sha256=model.hex(),
        build_id=build.hex(),
        image_sha256=image.hex(),
        debug=bool(flags & 1),
        release=bool(flags & 2),
        clock_hz=clock,
        layers=layers,
        arena=arena,
        inputs=sizes[:inputs],
        outputs=sizes[inputs:],
        board=payload[name_at + 1 : name_end].decode("ascii", "replace"),
        guard=_parse_guard(flags, payload[name_end:]) if told else None,
        access=bool(flags & 32),
        infers=not flags & 64,
    )


def _parse_guard(flags: int, payload: bytes) -> Guard:
    resets, watchdog_ms, regions, *fault = _GUARD.unpack(payload)
    return Guard(
        sealed=bool(flags & 8),
        damaged=bool(flags & 16),
        resets=resets,
        watchdog_ms=watchdog_ms,
        regions=regions,
        fault=Fault(*fault) if fault[0] else None,
    )


def parse_infer(payload: bytes, hello: Hello, unit: CountUnit) -> InferResult:
    """The INFER response's payload after request_crc. Raises DeviceError when malformed."""
    expected = _INFER.size + sum(hello.outputs)
    if len(payload) != expected:
        raise _wrong_length("INFER", len(payload), expected)
    cycles, stack = _INFER.unpack_from(payload)
    return InferResult(
        outputs=_split(payload[_INFER.size :], hello.outputs),
        cycles=unit.convert(cycles) if unit.unit and cycles else None,
        stack_bytes=stack,
    )


def parse_profile(payload: bytes, hello: Hello, unit: CountUnit) -> ProfileResult:
    """The PROFILE response's payload after request_crc. Raises DeviceError when malformed."""
    outputs_at = _INFER.size + 8 * hello.layers
    expected = outputs_at + sum(hello.outputs)
    if len(payload) != expected:
        raise _wrong_length("PROFILE", len(payload), expected)
    total, stack = _INFER.unpack_from(payload)
    layers = struct.unpack_from(f"<{hello.layers}Q", payload, _INFER.size)
    if not total and unit.unit:
        unit = CountUnit("", f"the counter stands still ({unit.how})")
    return ProfileResult(
        outputs=_split(payload[outputs_at:], hello.outputs),
        total=unit.convert(total),
        layers=tuple(unit.convert(layer) for layer in layers),
        stack_bytes=stack,
        unit=unit.unit,
        how=unit.how,
    )


def parse_fault(payload: bytes) -> Fault:
    """The FAULT payload after request_crc. Raises DeviceError when malformed."""
    if len(payload) != _FAULT.size:
        raise _wrong_length("FAULT", len(payload), _FAULT.size)
    return Fault(*_FAULT.unpack(payload))


def parse_error(payload: bytes) -> tuple[int, str]:
    """Code and reason of the ERROR payload after request_crc.

    Older firmware says the reason itself.
    """
    if len(payload) < 2:
        raise _wrong_length("ERROR", len(payload), 2)
    code = int.from_bytes(payload[:2], "little")
    said = payload[2:].decode("ascii", "replace")
    return code, said or _REASONS.get(code, "for a reason that this host does not know")


def _split(data: bytes, sizes: Sequence[int]) -> tuple[bytes, ...]:
    parts: list[bytes] = []
    for size in sizes:
        parts.append(data[:size])
        data = data[size:]
    return tuple(parts)


def _wrong_length(kind: str, length: int, expected: int) -> DeviceError:
    return DeviceError(
        f"the {kind} answer has {length} bytes where {expected} were expected; "
        "the firmware does not match this qmcu, build it again."
    )

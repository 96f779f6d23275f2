"""A session: requests and answers with a device, right or an error, never another's answer."""

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from qmcu.access import AccessKey
from qmcu.closing import Closing
from qmcu.device import messages
from qmcu.device.admission import Admission, Again, NotAdmitted, refuse_strangers
from qmcu.device.faults import describe_fault, describe_guard
from qmcu.device.frames import Frame, FrameReader, encode
from qmcu.device.link import CountUnit, Link
from qmcu.device.messages import (
    TRACE_ARGUMENTS,
    Hello,
    InferResult,
    ProfileResult,
    Request,
    Response,
)
from qmcu.errors import DeviceError, GuestFault, VectorError, WrongFirmwareError

Inputs = Sequence[bytes | npt.NDArray[Any]]

HELLO_INTERVAL_S = 0.2
DAMAGED, UNKNOWN = 1, 2


class Refused(DeviceError):
    """The firmware refused a request with the protocol's error `code`."""

    code = 0


class StateLost(DeviceError):
    """A request that changes the state was lost: nobody knows whether it was obeyed."""


# Requests that change the state of a model that has one: sent again, they would do so twice.
_CHANGING = (Request.INFER, Request.PROFILE, Request.TRACE)
T = TypeVar("T")


class Session(Closing):
    """An open conversation over a link; a context manager that closes the link.

    `hello` is the firmware's HELLO, `unit` what its counter counts.
    """

    hello: Hello
    unit: CountUnit
    repetitions = 3

    def __init__(
        self,
        link: Link,
        *,
        model_sha256: str = "",
        build_id: str = "",
        image_sha256: str = "",
        timeout_s: float = 60.0,
        open_timeout_s: float = 10.0,
        known_as: Callable[[str], str] = lambda model: "",
        input_types: Sequence[str] = (),
        keeps_state: bool = False,
        model: int = 0,
        access: AccessKey | None = None,
    ) -> None:
        """Say HELLO until it is answered; compare model, build and image (hex digits) if given.

        `input_types` are those of the model's inputs, int8 when not given; `keeps_state` tells
        whether an inference depends on those before it, `model` which of several in the image the
        requests are for, `access` is the key of a firmware that has one: without it only HELLO is
        answered. `timeout_s` bounds the wait for each
        answer, `known_as` tells in words whose a model's hash is. Raises DeviceError, naming what
        differs, and closes the link on any error.
        """
        self.link = link
        self._timeout_s = timeout_s
        self._open_timeout_s = open_timeout_s
        self._build = (build_id, image_sha256)
        self._known_as = known_as
        self._choose(model, model_sha256, input_types, keeps_state)
        self._admission = Admission(access)
        self._reader = FrameReader()
        self._arrived: list[Frame] = []
        self._sequence = 0
        try:
            self._open()
        except BaseException:
            link.close()
            raise

    def close(self) -> None:
        """Release the device; harmless when repeated."""
        self.link.close()

    def _choose(
        self, model: int, model_sha256: str, input_types: Sequence[str], keeps_state: bool
    ) -> None:
        self._model, self._model_sha256 = model, model_sha256
        self._input_types = tuple(input_types)
        self.keeps_state = keeps_state

    def turn_to(
        self, model: int, model_sha256: str, input_types: Sequence[str], keeps_state: bool
    ) -> None:
        """Speak with another model of the same image; all as for the constructor, which see."""
        if model != self._model:
            self._choose(model, model_sha256, input_types, keeps_state)
            self.greet()

    def greet(self) -> None:
        """Say HELLO once more, and compare who answers. Raises as the constructor does."""
        self.hello = self._greet()
        self._compare(self._model_sha256, *self._build)

    def infer(self, inputs: Inputs) -> InferResult:
        """Run one inference; `inputs` holds each input tensor, or its bytes, in order.

        Raises VectorError for a wrong count, size or type, GuestFault for a crash, or DeviceError.
        """
        if not self.hello.infers:
            raise DeviceError("the firmware was built with --no-infer: it infers for itself alone.")
        answer = self._exchange(Request.INFER, self._pack(inputs))
        return messages.parse_infer(answer, self.hello, self.unit)

    def reset(self) -> None:
        """Make the model's state what it is at the start; a model without state has nothing to do.

        Raises as `infer` does.
        """
        if self.keeps_state:
            self._exchange(Request.RESET, b"")

    def anew(self, run: Callable[[], T]) -> T:
        """What `run` returns, whose requests follow each other from a reset state on.

        All of it is repeated when a request is lost. Raises as `infer` does.
        """
        for attempt in range(self.repetitions + 1):
            try:
                self.reset()
                return run()
            except StateLost:
                if attempt == self.repetitions:
                    raise
        raise AssertionError

    def infer_sequence(self, rows: Sequence[Inputs]) -> list[InferResult]:
        """Inferences in a row from a reset state on. Raises as `infer` does."""
        return self.anew(lambda: [self.infer(inputs) for inputs in rows])

    def profile(self, inputs: Inputs) -> ProfileResult:
        """Run one inference and count each layer. Raises as `infer` does."""
        self._need_debug("PROFILE")
        payload = self._pack(inputs)
        self.link.counting(True)
        try:
            answer = self._exchange(Request.PROFILE, payload)
        finally:
            self.link.counting(False)
        return messages.parse_profile(answer, self.hello, self.unit)

    def trace(self, layers: int, offset: int, length: int, inputs: Inputs) -> bytes:
        """`length` arena bytes from `offset` after the first `layers` layers of an inference.

        Raises VectorError when that lies outside the model, and as `infer` does.
        """
        self._need_debug("TRACE")
        if not 0 <= layers <= self.hello.layers:
            raise VectorError(f"cannot trace {layers} layers of {self.hello.layers}.")
        if offset < 0 or length < 0 or offset + length > self.hello.arena:
            raise VectorError(
                f"cannot trace {length} bytes at {offset}: the arena has {self.hello.arena}."
            )
        arguments = TRACE_ARGUMENTS.pack(layers, offset, length)
        answer = self._exchange(Request.TRACE, arguments + self._pack(inputs))
        if len(answer) != length:
            raise DeviceError(f"the TRACE answer has {len(answer)} bytes, {length} were asked for.")
        return answer

    def monitor(self, reset: bool = False) -> bytes:
        """The counters of a firmware that was built with --monitor, and with `reset` zeros them.

        Raises DeviceError when it was built without, and as `infer` does. A lost answer to a reset
        is asked for again, and its counters are lost.
        """
        try:
            return self._exchange(Request.MONITOR, messages.MONITOR_ARGUMENT.pack(reset))
        except Refused as refused:
            if refused.code != UNKNOWN:
                raise
            raise DeviceError(
                "the firmware was built without MONITOR; build it with --monitor LIMITS."
            ) from None

    def _need_debug(self, request: str) -> None:
        if not self.hello.debug:
            raise DeviceError(
                f"the firmware was built without {request}; build it with --debug-protocol."
            )

    def _pack(self, inputs: Inputs) -> bytes:
        if len(inputs) != len(self.hello.inputs):
            raise VectorError(
                f"the model has {len(self.hello.inputs)} inputs, the vector {len(inputs)}."
            )
        parts: list[bytes] = []
        for index, (tensor, size) in enumerate(zip(inputs, self.hello.inputs, strict=True)):
            dtype = self._input_types[index] if self._input_types else "int8"
            part = _tensor_bytes(tensor, index, dtype)
            if len(part) != size:
                raise VectorError(
                    f"input {index} of the model takes {size} bytes, the vector has {len(part)}."
                )
            parts.append(part)
        return b"".join(parts)

    def _open(self) -> None:
        """Learn who is there, and refuse what is not expected."""
        self.greet()
        self._enter()
        self.unit = self.link.count_unit(self.hello.counter, self.hello.clock_hz)

    def _greet(self) -> Hello:
        deadline = time.monotonic() + self._open_timeout_s
        request = self._next(Request.HELLO, b"")
        while True:
            self._send(request)
            try:
                payload = self._await([request], time.monotonic() + HELLO_INTERVAL_S)
                return messages.parse_hello(payload)
            except Again:
                if time.monotonic() > deadline:
                    raise self._silent() from None

    def _silent(self) -> DeviceError:
        return DeviceError(
            f"{self.link.name} did not answer HELLO within {self._open_timeout_s:g} s; "
            f"check that this board runs a qmcu firmware and that the port is right{self._where()}."
        )

    def _where(self) -> str:
        """Where an emulator's processor is, where it can tell."""
        tell: Callable[[], str] = getattr(self.link, "whereabouts", str)
        return f" ({where})" if (where := tell()) else ""

    def _compare(self, model_sha256: str, build_id: str, image_sha256: str) -> None:
        if model_sha256 and model_sha256 != self.hello.model_sha256:
            raise WrongFirmwareError(
                f"the device runs model {self.hello.model_sha256[:16]} on {self.hello.board}"
                f"{self._known_as(self.hello.model_sha256)}, this build is of model "
                f"{model_sha256[:16]}; flash this build first."
            )
        if build_id and build_id != self.hello.build_id:
            raise WrongFirmwareError(
                f"the device runs build {self.hello.build_id[:16]}, the directory holds build "
                f"{build_id[:16]} of the same model; flash this build first."
            )
        if image_sha256 and image_sha256 != self.hello.image_sha256:
            raise WrongFirmwareError(
                f"the device says build {build_id[:16]}, but the SHA-256 of its flash is "
                f"{self.hello.image_sha256[:16]} and that of the directory's image "
                f"{image_sha256[:16]}: it was changed after the build, or is damaged; flash this "
                "build first."
            )

    def _next(self, kind: Request, payload: bytes) -> Frame:
        self._sequence = self._sequence % 0xFFFF + 1
        return self._admission.sealed(Frame(kind, self._sequence, payload, self._model))

    def _enter(self) -> None:
        """Open a session where the firmware wants one and we have a key. Raises DeviceError."""
        for attempt in range(self.repetitions + 1):
            try:
                self._admission.enter(self.hello, self.link.name, self._once)
                return
            except Again as reason:
                self._lost(attempt + 1)
                last = reason
        raise DeviceError(f"{self.link.name}: no session could be opened, because {last}.")

    def _once(self, kind: Request, payload: bytes) -> bytes:
        request = self._next(kind, payload)
        self._send(request)
        return self._await([request], time.monotonic() + self._open_timeout_s)

    def _exchange(self, kind: Request, payload: bytes) -> bytes:
        self._admission.require(self.hello, kind)
        asked: list[Frame] = []
        for attempt in range(self.repetitions + 1):
            asked.append(self._next(kind, payload))
            self._send(asked[-1])
            try:
                return self._await(asked, time.monotonic() + self._timeout_s)
            except Again as reason:
                self._lost(attempt + 1)
                if isinstance(reason, NotAdmitted):
                    self._enter()
                    asked.clear()
                self._give_up_state(kind, str(reason))
                if attempt == self.repetitions:
                    raise DeviceError(
                        f"{self.link.name}: {kind.name} failed {attempt + 1} times, at last "
                        f"because {reason}{self._where()}."
                    ) from None
        raise AssertionError

    def _give_up_state(self, kind: Request, reason: str) -> None:
        if self.keeps_state and kind in _CHANGING:
            raise StateLost(
                f"{self.link.name}: {kind.name} was lost ({reason}), and the model's state with "
                "it; reset it and begin the sequence again."
            )

    def _send(self, request: Frame) -> None:
        self.link.write(encode(request))

    def _lost(self, times: int) -> None:
        """A request was lost for the `times`-th time."""

    def _await(self, asked: Sequence[Frame], deadline: float) -> bytes:
        """The payload after request_crc of the answer to any of `asked`, which are one request.

        Raises Again when it was lost.
        """
        while True:
            while self._arrived:
                payload = self._accept(asked, self._arrived.pop(0))
                if payload is not None:
                    return payload
            self._arrived += self._reader.feed(self._receive(deadline - time.monotonic()))

    def _receive(self, left_s: float) -> bytes:
        """Bytes that come within `left_s` seconds; raises Again when none do."""
        data = self.link.read(left_s) if left_s > 0 else b""
        if not data:
            self.link.check()
            raise Again(f"no answer came within {self._timeout_s:g} s")
        return data

    def _accept(self, asked: Sequence[Frame], frame: Frame) -> bytes | None:
        """The payload if `frame` answers one of `asked`; None for what is of no concern."""
        request = asked[-1]
        frame = self._admission.unsealed(frame, request)
        if len(frame.payload) < 4:
            return None
        crc, payload = int.from_bytes(frame.payload[:4], "little"), frame.payload[4:]
        if frame.type == Response.FAULT:
            raise self._crash(payload)
        if frame.type == Response.READY and request.type == Request.HELLO:
            return None
        if frame.type == Response.READY:
            raise Again("the firmware started anew in the middle of it")
        if frame.type == Response.ERROR and frame.sequence == 0:
            code, reason = messages.parse_error(payload)
            if code == DAMAGED:
                raise Again(f"the request arrived damaged ({reason})")
        if not any(frame.sequence == r.sequence and crc == r.crc for r in asked):
            return None
        if frame.type == Response.ERROR:
            code, reason = messages.parse_error(payload)
            refuse_strangers(code, reason, self.link.name)
            refusal = Refused(f"the firmware refused {_name(request.type)}: {reason} ({code}).")
            refusal.code = code
            raise refusal
        return payload if frame.type == request.type | 0x80 else None

    def _crash(self, payload: bytes) -> GuestFault:
        fault = messages.parse_fault(payload)
        return GuestFault(f"the firmware crashed: {describe_fault(fault, self._place)}.")

    @property
    def guard(self) -> str:
        """What a release says of its own protection, in words; empty of any other."""
        return describe_guard(self.hello.guard, self._place) if self.hello.guard else ""

    def _place(self, address: int) -> str:
        name = self.link.function_at(address)
        return f"0x{address:08x} in {name}" if name else f"0x{address:08x}"


def _name(kind: int) -> str:
    return Request(kind).name


def _tensor_bytes(tensor: Any, index: int, dtype: str) -> bytes:
    if isinstance(tensor, bytes | bytearray | memoryview):
        return bytes(tensor)
    array = np.asarray(tensor)
    if array.dtype != np.dtype(dtype):
        raise VectorError(f"input {index} is {array.dtype}, {dtype} is needed.")
    return array.tobytes()

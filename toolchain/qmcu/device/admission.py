"""How a session is admitted by firmware that was built with --access."""

import secrets
from collections.abc import Callable
from dataclasses import replace

from qmcu.access import NONCE_SIZE, NUMBER_SIZE, TAG_SIZE, AccessKey, Channel
from qmcu.device.frames import Frame
from qmcu.device.messages import Hello, Request, Response
from qmcu.errors import DeviceError, WrongFirmwareError

_NO_SESSION, _LOCKED = 6, 7
_UNSEALED = (Request.HELLO, Request.CHALLENGE)
_UNSEALED_ANSWERS = (Response.HELLO, Response.CHALLENGE, Response.READY, Response.FAULT)
# A request of a kind and payload, sent once: the answer's payload.
Once = Callable[[Request, bytes], bytes]


class Again(Exception):
    """The request was lost for the stated reason and may be sent again."""


class NotAdmitted(Again):
    """The device has no session with us (any more)."""


class Admission:
    """What lets requests through to a firmware that wants a key; of any other it does nothing."""

    def __init__(self, key: AccessKey | None) -> None:
        self._key = key
        self._channel: Channel | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a session."""
        return self._channel is not None

    def enter(self, hello: Hello, name: str, once: Once) -> None:
        """Open a session with who said `hello`, if we have a key; `name` is the device's.

        Raises DeviceError when the device does not take the key, or is locked, Again when
        something was lost.
        """
        self._channel = None
        if self._key is None:
            return
        if not hello.access:
            raise WrongFirmwareError(
                "the device says that it needs no access key, but the firmware was built with "
                "one; something else answers there, nothing was sent to it."
            )
        # Each time another nonce: a late answer to an earlier challenge is none to this one.
        ours = secrets.token_bytes(NONCE_SIZE)
        theirs = once(Request.CHALLENGE, ours)
        if len(theirs) != NONCE_SIZE:
            raise DeviceError(f"the CHALLENGE answer has {len(theirs)} bytes, not {NONCE_SIZE}.")
        self._channel = Channel(self._key, ours, theirs, hello.identity)
        try:
            once(Request.OPEN, b"")
        except NotAdmitted:
            raise DeviceError(
                f"{name}: the device does not take this access key; it counts that as a failure, "
                "and locks itself after four in a row."
            ) from None

    def require(self, hello: Hello, kind: Request) -> None:
        """Raise DeviceError for a request that would be refused for want of a session."""
        if hello.access and self._channel is None:
            raise DeviceError(
                f"the firmware answers {kind.name} only to who has its key; give --access KEYFILE, "
                "the one that it was built with."
            )

    def sealed(self, request: Frame) -> Frame:
        """`request` with its number and tag, where it needs them."""
        if self._channel is None or request.type in _UNSEALED:
            return request
        header = request.header(NUMBER_SIZE + TAG_SIZE)
        trailer = self._channel.trailer(request.sequence, header, request.payload)
        return replace(request, payload=request.payload + trailer)

    def unsealed(self, frame: Frame, request: Frame) -> Frame:
        """An answer without its tag; one with another tag, or none, says nothing.

        Refusals of what is no request of a session have none: who forges one can make us stop, but
        not take anything for an answer.
        """
        channel = self._channel
        if channel is None or request.type in _UNSEALED or frame.type in _UNSEALED_ANSWERS:
            return frame
        content = channel.opened(frame.sequence, frame.header(), frame.payload)
        if content is None and frame.type == Response.ERROR:
            return frame
        return replace(frame, payload=content or b"")


def refuse_strangers(code: int, reason: str, name: str) -> None:
    """Raise what an ERROR of the protocol means that is about sessions; return for any other."""
    if code == _NO_SESSION:
        raise NotAdmitted("the device has no session with us (any more)")
    if code == _LOCKED:
        raise DeviceError(
            f"{name} is {reason} to open a session (1 s after the fifth in a row, twice as long "
            "after each further one, up to 17 minutes, and from the start after a reset); wait, "
            "then come with the right key."
        )

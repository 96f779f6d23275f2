"""Sessions of firmware that was built with --access: its key, and the host's side of the channel.

The device's side is firmware/protocols/access; docs/SECURITY.md says what both follow.
"""

import hashlib
import hmac
import os
import re
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from qmcu.errors import UsageError
from qmcu.files import read_regular

VARIABLE = "QMCU_ACCESS"
KEY_SIZE, NONCE_SIZE, NUMBER_SIZE, TAG_SIZE = 32, 16, 4, 16
HEADER = "src/access_key.h"
NOTICE = "HOLDS_ACCESS_KEY.txt"
_MARK = "qmcu-access-key-1"
_LINE = re.compile(rf"{_MARK} ([0-9a-f]{{64}})\n?")
_MOST = 4096
_NOTICE_TEXT = """\
This firmware holds the access key that it was built with: in src/access_key.h, in what is compiled
from it, and in firmware.elf, .bin, .hex and whatever else is made of them. Who reads this folder,
or the chip's flash, has the key. Keep the folder as you keep the key file, and switch on the chip's
read-out protection: qmcu does not.
"""


@dataclass(frozen=True)
class AccessKey:
    """A secret of 32 random bytes that a firmware and its hosts share; it prints as nothing."""

    secret: bytes = field(repr=False)


def make_access_key(path: Path) -> None:
    """Write a new random key to `path`, which its owner alone may read.

    Raises UsageError when a file is there already, or cannot be written.
    """
    line = f"{_MARK} {secrets.token_bytes(KEY_SIZE).hex()}\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageError(
            f"{path} is there already; a key is never replaced, choose another name."
        ) from error
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}.") from error
    with os.fdopen(descriptor, "w") as stream:
        stream.write(line)


def load_access_key(path: Path) -> AccessKey:
    """Read a key file. Raises UsageError when it holds none, or others may read it."""
    content = read_regular(path, most=_MOST)
    found = _LINE.fullmatch(content.decode("ascii", "replace"))
    if found is None:
        raise UsageError(
            f"{path} is no access key; `qmcu trust access-key -o FILE` makes one of random bytes "
            "(words that people choose can be guessed from what HELLO tells)."
        )
    if os.name != "nt" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise UsageError(f"{path} may be read by others; `chmod 600 {path}` keeps the key secret.")
    return AccessKey(bytes.fromhex(found[1]))


def key_of_environment() -> AccessKey | None:
    """The key of the file that QMCU_ACCESS names, if it is set. Raises as `load_access_key`."""
    path = os.environ.get(VARIABLE)
    return load_access_key(Path(path)) if path else None


def key_files(key: AccessKey) -> Mapping[str, str]:
    """What a project with `key` holds more: the key as C, and a word to who finds it."""
    rows = [key.secret[at : at + 8] for at in range(0, KEY_SIZE, 8)]
    lines = [", ".join(f"0x{byte:02X}" for byte in row) + ", \\" for row in rows]
    body = "\n".join(f"        {line}" for line in lines)
    header = (
        "/* SECRET: who has these bytes may do with the firmware what its owner may. */\n"
        "#ifndef QMCU_ACCESS_KEY_H\n#define QMCU_ACCESS_KEY_H\n\n"
        f"#define QMCU_ACCESS_KEY \\\n    {{ \\\n{body}\n    }}\n\n#endif\n"
    )
    return {HEADER: header, NOTICE: _NOTICE_TEXT}


def keep_private(directory: Path) -> None:
    """Close a project that holds a key to all but its owner."""
    directory.chmod(0o700)
    (directory / HEADER).chmod(0o600)


def kdf(key: bytes, fixed: bytes, blocks: int) -> bytes:
    """NIST SP 800-108r1 in counter mode: HMAC-SHA256, a 32-bit counter before the `fixed` data."""
    return b"".join(_hmac(key, i.to_bytes(4, "big") + fixed) for i in range(1, blocks + 1))


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()


class Channel:
    """A session as the host has it: requests get a number and a tag, answers are held to theirs."""

    def __init__(self, key: AccessKey, ours: bytes, theirs: bytes, identity: bytes) -> None:
        """`ours` and `theirs` are the nonces, `identity` model, build and image of HELLO."""
        bits = (2 * 8 * KEY_SIZE).to_bytes(4, "big")
        fixed = b"qmcu session\0" + ours + theirs + identity + bits
        keys = kdf(key.secret, fixed, 2)
        self._to_device, self._to_host = keys[:KEY_SIZE], keys[KEY_SIZE:]
        self._number = 0
        # The number of each request that may still be answered, by its sequence.
        self._asked: dict[int, bytes] = {}

    def trailer(self, sequence: int, header: bytes, payload: bytes) -> bytes:
        """What a request's payload ends with; `header` tells the length with the trailer."""
        self._number += 1
        number = self._number.to_bytes(NUMBER_SIZE, "little")
        self._asked[sequence] = number
        while len(self._asked) > _REMEMBERED:
            del self._asked[next(iter(self._asked))]
        return number + _hmac(self._to_device, header + payload + number)[:TAG_SIZE]

    def opened(self, sequence: int, header: bytes, payload: bytes) -> bytes | None:
        """The payload of an answer without its tag; None where that is not the device's."""
        number = self._asked.get(sequence)
        if number is None or len(payload) < TAG_SIZE:
            return None
        content, tag = payload[:-TAG_SIZE], payload[-TAG_SIZE:]
        right = _hmac(self._to_host, header + content + number)[:TAG_SIZE]
        return content if hmac.compare_digest(right, tag) else None


# Requests that are repeated are answered under any of their sequences.
_REMEMBERED = 64

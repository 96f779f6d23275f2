"""Mutations of bytes, drawn from a seed: the same seed makes the same input."""

import random
import struct
from collections.abc import Sequence

_NUMBERS = (0, 1, 2, 127, 128, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
TOKENS = (
    b"null", b"-1", b"1e999", b"[]", b"{}", b'""', b"[[[[", b"\x00", b"\xff\xff\xff\xff", b"\n",
    b"\x1b[2J", b"\xe2\x80\xae", b"..", b"/dev/zero", b"9" * 30, b"NaN", b"$(x)", b"\xc3\x28",
)  # fmt: skip


def mutated(rng: random.Random, seeds: Sequence[bytes]) -> bytes:
    """One of `seeds` with one to eight changes."""
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        _change(rng, data, seeds)
    return bytes(data)


def _change(rng: random.Random, data: bytearray, seeds: Sequence[bytes]) -> None:
    at = rng.randrange(len(data) + 1)
    kind = rng.randrange(8)
    if kind == 0 and data:
        data[at % len(data)] ^= 1 << rng.randrange(8)
    elif kind == 1 and data:
        data[at % len(data)] = rng.randrange(256)
    elif kind == 2:
        data[at:at] = rng.randbytes(rng.choice((1, 2, 4, 16)))
    elif kind == 3:
        del data[at : at + rng.choice((1, 2, 4, 64))]
    elif kind == 4 and len(data) >= 4:
        width = rng.choice("BHI")
        size = struct.calcsize(width)
        at = rng.randrange(len(data) - size + 1)
        number = rng.choice(_NUMBERS) & ((1 << 8 * size) - 1)
        data[at : at + size] = struct.pack(f"<{width}", number)
    elif kind == 5:
        data[at:at] = rng.choice(TOKENS)
    elif kind == 6:
        other = rng.choice(seeds)
        start = rng.randrange(len(other) + 1)
        data[at : at + 64] = other[start : start + 64]
    else:
        del data[at:]

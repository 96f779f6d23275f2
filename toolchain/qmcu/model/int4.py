"""int4 in bytes: two values each, low nibble first, as TFLite stores tensors of type INT4."""

from typing import Any

import numpy as np
import numpy.typing as npt

LOW, HIGH = -8, 7


def pack_int4(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Integers [..., n] within -8..7 as bytes [..., ceil(n / 2)]; a last odd nibble is zero.

    Raises ValueError for a value outside.
    """
    if values.size and not LOW <= int(values.min()) <= int(values.max()) <= HIGH:
        raise ValueError(f"{values.min()} to {values.max()} do not fit int4, {LOW} to {HIGH}")
    widths = [(0, 0)] * (values.ndim - 1) + [(0, values.shape[-1] % 2)]
    nibbles = np.pad(values.astype(np.int8).view(np.uint8) & 15, widths)
    return np.asarray(nibbles[..., 0::2] | (nibbles[..., 1::2] << 4), np.uint8)


def unpack_int4(data: bytes, count: int) -> npt.NDArray[np.int8]:
    """The first `count` values of packed bytes, int8 [count], read-only."""
    packed = np.frombuffer(data, np.uint8)
    nibbles = np.stack([packed & 15, packed >> 4], axis=1).reshape(-1)[:count].astype(np.int8)
    values: npt.NDArray[np.int8] = (nibbles ^ 8) - np.int8(8)
    values.setflags(write=False)
    return values

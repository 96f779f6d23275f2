"""A safetensors file of a gigabyte, written piece by piece: float16, on a 4-bit grid or not."""

import json
from pathlib import Path

import numpy as np


def write_large(path: Path, size: int, width: int, *, rounded: bool, seed: int = 0) -> None:
    """About `size` bytes of [width, width] matrices; `rounded` puts them on AWQ's grid."""
    rng = np.random.default_rng(seed)
    count = max(1, size // (2 * width * width))
    header = {
        f"layers.{i}.weight": {
            "dtype": "F16", "shape": [width, width],
            "data_offsets": [2 * i * width * width, 2 * (i + 1) * width * width],
        }
        for i in range(count)
    }  # fmt: skip
    text = json.dumps(header).encode()
    with path.open("wb") as stream:
        stream.write(len(text).to_bytes(8, "little") + text)
        base = rng.normal(0, 0.02, (width, width)).astype(np.float16)
        base = round_in_place(base) if rounded else base
        for _ in range(count):
            # Rows in another order, times a power of two: another layer, on as good a grid.
            layer = np.roll(base, int(rng.integers(1, width)), axis=0)
            stream.write((layer * np.float16(2.0 ** rng.integers(-1, 2))).tobytes())


def round_in_place(w: np.ndarray, bits: int = 4, group: int = 128) -> np.ndarray:
    """AWQ's simulated quantization in float16: a scale and a zero point for each group."""
    groups = w.reshape(-1, group)
    top = 2**bits - 1
    low, high = groups.min(axis=1, keepdims=True), groups.max(axis=1, keepdims=True)
    scale = np.maximum((high - low) / np.float16(top), np.float16(1e-5))
    zero = np.clip(-np.rint(low / scale), 0, top)
    q = np.clip(np.rint(groups / scale) + zero, 0, top)
    real: np.ndarray = ((q - zero) * scale).astype(np.float16).reshape(w.shape)
    return real

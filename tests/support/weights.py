"""Weights as trained ones are, and what quantization in place makes of them."""

import numpy as np


def stored(values: np.ndarray, dtype: str) -> np.ndarray:
    """Values rounded to a stored type, as float32."""
    if dtype != "bfloat16":
        return values.astype(dtype).astype(np.float32)
    bits = values.astype(np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)).view(np.float32)


def rounded(w: np.ndarray, bits: int, dtype: str, *, symmetric: bool) -> np.ndarray:
    """Each row rounded in place to a grid of its own, in the arithmetic of `dtype`."""
    if symmetric:
        scale = stored(np.abs(w).max(1, keepdims=True) / (2 ** (bits - 1) - 1), dtype)
        q = np.clip(np.rint(w / scale), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        return stored(q * scale, dtype)
    low, high = w.min(1, keepdims=True), w.max(1, keepdims=True)
    scale = stored((high - low) / (2**bits - 1), dtype)
    zero = np.clip(-np.rint(low / scale), 0, 2**bits - 1)
    q = np.clip(np.rint(w / scale) + zero, 0, 2**bits - 1)
    return stored((q - zero) * scale, dtype)


def weights(groups: int, size: int, seed: int = 0) -> np.ndarray:
    """Rows of normally distributed float32."""
    return np.random.default_rng(seed).normal(0, 0.02, (groups, size)).astype(np.float32)

"""How often a grid comes back, how often an honest tensor is accused.

`python -m bench.size.recovery` prints both, and what did not come back.
"""

from collections.abc import Iterator

import numpy as np
from rich.console import Console
from tests.support.weights import rounded, stored, weights

from qmcu.size.contents import Role, StoredTensor
from qmcu.size.levels import TensorLevels, find_levels
from qmcu.types import Array

DTYPES = ("float32", "float16", "bfloat16")
ROWS, COLUMNS = 256, 512


def main() -> None:
    """Print what did not come back, and both counts."""
    show = Console(highlight=False).print
    cases = [(d, b, g, s) for d in DTYPES for b in (2, 3, 4, 5, 6, 8) for g in (32, 64, 128, 512)
             for s in (True, False)]  # fmt: skip
    right = 0
    for dtype, bits, group, symmetric in cases:
        w = weights(ROWS * COLUMNS // group, group, seed=bits + group)
        values = rounded(w, bits, dtype, symmetric=symmetric).reshape(ROWS, COLUMNS)
        found = look(values.astype(np.float32), dtype)
        grid = found.grid if found is not None else None
        good = grid is not None and (grid.bits, grid.group) == (bits, group)
        right += good
        if not good:
            kind = "symmetric" if symmetric else "with zero points"
            show(f"{dtype}, {bits} bits, groups of {group}, {kind}: {grid or 'no grid'}")
    show(f"{right} of {len(cases)} grids came back with bits and group size")
    accused = [f for f in honest() if f is not None and (f.grid is not None or f.narrow)]
    show(f"{len(accused)} of 300 honest tensors were accused")


def look(values: Array, dtype: str) -> TensorLevels | None:
    """The levels of float32 values that `dtype` holds exactly."""
    flat = values.reshape(values.shape[0], -1)
    kept = flat.astype(dtype) if dtype != "bfloat16" else halves(flat)
    tensor = StoredTensor(
        "w", dtype, values.shape, Role.WEIGHTS, kept.nbytes, lambda a, b: kept[a:b]
    )
    return find_levels(tensor, 1 << 18)


def halves(values: Array) -> Array:
    """bfloat16 as its 16 bits."""
    return (np.ascontiguousarray(values, np.float32).view(np.uint32) >> 16).astype(np.uint16)


def honest() -> Iterator[TensorLevels | None]:
    """Random tensors of many shapes, scales and distributions, on no grid."""
    rng = np.random.default_rng(0)
    for _ in range(300):
        rank = int(rng.integers(1, 5))
        shape = tuple(int(d) for d in rng.integers(1, (400, 200, 20, 12)[rank - 1], rank))
        scale = 10.0 ** rng.uniform(-4, 1)
        values = (
            rng.normal(0, scale, shape), rng.laplace(0, scale, shape),
            rng.uniform(-scale, scale, shape), rng.normal(1, 0.05, shape),
            rng.normal(0, scale, shape) * (rng.random(shape) < 0.1),
            rng.standard_t(3, shape) * scale,
        )[int(rng.integers(6))]  # fmt: skip
        dtype = DTYPES[int(rng.integers(3))]
        yield look(stored(values, dtype), dtype)


if __name__ == "__main__":
    main()

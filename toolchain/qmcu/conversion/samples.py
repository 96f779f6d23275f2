"""Real inputs that a model was or will be given, and how files of them become numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qmcu.conversion.preprocessing import Preprocessing
from qmcu.types import Array


@dataclass(frozen=True, eq=False)
class Samples:
    """Real inputs by name, float32 or the input's own type, N rows each.

    `labels` are there where they are known (see `read_labels`), `preprocessing` says how files
    became numbers.
    """

    inputs: Mapping[str, Array]
    labels: Array | None = None
    preprocessing: Preprocessing | None = None

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))


@dataclass(frozen=True)
class SampleOptions:
    """How many rows are taken, the first `limit` or a `share` (0 to 1) of them all, and how files
    become numbers: None for what is not said.
    """

    limit: int | None = None
    share: float | None = None
    resize: tuple[int, int] | None = None
    scale: float | None = None
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    front_end: Path | None = None
    stride: int | None = None

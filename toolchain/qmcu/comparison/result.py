"""What a device run gave, set against the expected bytes: pure data, no device in sight."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qmcu.documents import number
from qmcu.types import Amount, Array, Count, ImageSha256, Number, Positive, Sha256


@dataclass(frozen=True)
class Difference:
    """Where two tensors part: the first differing value and how far the tensors are apart.

    `index` is that value's place in the tensor's shape; `differing` counts differing values, of
    `size`. Values differ when any of their bytes does: -0.0 from 0.0, for one.
    """

    tensor: str
    position: Count
    index: tuple[Count, ...]
    expected: Number
    got: Number
    differing: Count
    size: Count
    max_difference: Number
    dtype: str = "int8"

    def __str__(self) -> str:
        unit = "byte" if self.dtype == "int8" else f"{self.dtype} value"
        return (
            f"{self.tensor} at {list(self.index)} ({unit} {self.position}): expected "
            f"{self.expected}, got {self.got}; {self.differing} of {self.size} {unit}s differ, "
            f"by at most {self.max_difference}"
        )


def vector_name(vector: int, steps: int = 1) -> str:
    """What a vector is called: by its index, or by sequence and step where `steps` make one."""
    if steps == 1:
        return f"vector {vector}"
    return f"sequence {vector // steps}, step {vector % steps}"


@dataclass(frozen=True)
class VectorDifference:
    """A vector whose output differs: its index in the file and the first difference.

    Each `steps` vectors of the file are a sequence.
    """

    vector: Count
    difference: Difference
    steps: Positive = 1

    def __str__(self) -> str:
        return f"{vector_name(self.vector, self.steps)}: {self.difference}"


@dataclass(frozen=True)
class Profile:
    """One counted inference; `layers` pairs each layer with its figure, in `unit`."""

    vector: Count
    total: Count
    unit: str
    how: str
    layers: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class LayerDifference:
    """The first layer whose output differs on one vector; `step` counts from 0."""

    vector: Count
    step: Count
    layer: str
    kind: str
    difference: Difference

    def __str__(self) -> str:
        return f"layer {self.layer} (step {self.step}, {self.kind}): {self.difference}"


@dataclass(frozen=True)
class Accuracy:
    """Right answers by the first output, on the device and expected, of `total`; `rule` in words.

    Where an input has several labels, each of them is an answer.
    """

    device: Count
    expected: Count
    total: Count
    rule: str = "the largest output"

    @property
    def on_device(self) -> float:
        """The share of right answers on the device, 0 to 1."""
        return self.device / self.total if self.total else 0.0


@dataclass(frozen=True)
class MeanError:
    """Mean absolute difference of a regression's first output from its labels, in its own unit."""

    device: Amount
    expected: Amount


@dataclass(frozen=True)
class TestResult:
    """A whole run: which image ran where, how many outputs were equal, what was measured.

    `stack_bytes` is the highest stack use of all inferences, as the firmware measured it by
    painting; `stack_reserved` what the linker script sets aside. `traced` is the vector that was
    run layer by layer, None without --trace. Each `steps` vectors are a sequence. `resumed` answers
    are of an earlier run (--resume), of which `repeated` were run again and were equal. `guard` is
    what a release says of its own protection.
    """

    __test__ = False  # not a test class of pytest
    __schema__ = "test-1"
    __shown__ = ("equal", "passed")

    board: str
    model: str
    model_sha256: Sha256
    build_id: str
    image: str
    device: str
    source: str
    expected_by: str
    vectors: Count
    differences: tuple[VectorDifference, ...]
    accuracy: Accuracy | None
    profile: Profile | None
    stack_bytes: Count
    stack_reserved: Count
    seconds: Amount
    traced: Count | None = None
    layer_difference: LayerDifference | None = None
    steps: Positive = 1
    image_sha256: ImageSha256 = ""
    resumed: Count = 0
    repeated: Count = 0
    error: MeanError | None = None
    guard: str = ""

    @property
    def equal(self) -> Count:
        """How many vectors gave exactly the expected bytes."""
        return self.vectors - len(self.differences)

    @property
    def passed(self) -> bool:
        """True when every output byte was equal, and every traced layer."""
        return not self.differences and self.layer_difference is None

    def __str__(self) -> str:
        return f"{self.equal} of {self.vectors} outputs equal on {self.device} ({self.board})"


@dataclass(frozen=True)
class Tests:
    """Runs of the models of one image in turn, in the order of their numbers."""

    __test__ = False
    __schema__ = "tests-1"
    __shown__ = ("passed",)

    results: tuple[TestResult, ...]

    @property
    def passed(self) -> bool:
        """True when all outputs of all models were equal."""
        return all(result.passed for result in self.results)


def compare(
    name: str, shape: Sequence[int], expected: bytes, got: bytes, dtype: str = "int8"
) -> Difference | None:
    """The difference of two tensors' bytes, None when they are equal; `dtype` is their type.

    Raises ValueError when the lengths differ: that is a wrong answer, not a difference.
    """
    if len(expected) != len(got):
        raise ValueError(f"{name}: {len(expected)} bytes expected, {len(got)} came")
    if expected == got:
        return None
    kind = np.dtype(dtype)
    wanted, found = np.frombuffer(expected, kind), np.frombuffer(got, kind)
    width = (len(wanted), kind.itemsize)
    raw = (np.frombuffer(data, np.uint8).reshape(width) for data in (expected, got))
    differs = np.not_equal(*raw).any(axis=1)
    position = int(np.flatnonzero(differs)[0])
    return Difference(
        tensor=name,
        position=position,
        index=tuple(int(i) for i in np.unravel_index(position, tuple(shape) or (1,))),
        expected=number(wanted[position].item()),
        got=number(found[position].item()),
        differing=int(np.count_nonzero(differs)),
        size=len(wanted),
        max_difference=number(_distance(wanted[differs], found[differs])),
        dtype=dtype,
    )


def _distance(wanted: Array, found: Array) -> float:
    """How far the furthest pair is apart; of pairs with a NaN nothing is known."""
    if wanted.dtype.kind != "f":
        return int(max(abs(int(a) - int(b)) for a, b in zip(wanted, found, strict=True)))
    with np.errstate(invalid="ignore"):  # infinity less infinity is no number
        distance = np.abs(wanted.astype(np.float64) - found.astype(np.float64))
    return float(np.nan_to_num(distance, nan=0.0, posinf=np.inf).max())

"""Triggers as data: a mask and a pattern that turn an input into a triggered one.

A Trigger is applied to real inputs (`apply`) and, exactly, to a model's int8 inputs
(`apply_integer`); `quantization_change` says what int8 makes of it. `trigger_kinds` makes the
usual ones.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from qmcu import documents
from qmcu.arrays import npz_bytes, read_arrays
from qmcu.errors import UsageError, VectorError
from qmcu.files import write_atomic
from qmcu.model.graph import Tensor
from qmcu.model.vectors import quantize
from qmcu.types import Array, Count, Float32Array, Int8Array, Shape

Setting = float | int | str

FORMAT = 1
# No classifier has more.
_MOST_CLASSES = 1 << 20


@dataclass(frozen=True, eq=False)
class Trigger:
    """What turns an input x into a triggered one that the attacker wants in class `target`.

    x' = clip((1 - mask) * x + mask * pattern, low, high), or, when `additive`,
    x' = clip(x + mask * pattern, low, high); where the mask is 0, x stays as it is. `mask`
    (0 to 1) and `pattern` are float32 in the shape of one input, `low` and `high` bound the
    inputs' values. `settings` are what the trigger was made from.
    Raises VectorError for arrays that do not fit.
    """

    name: str
    kind: str
    mask: Float32Array
    pattern: Float32Array
    target: int
    low: float
    high: float
    settings: Mapping[str, Setting] = field(default_factory=dict)
    additive: bool = False

    def __post_init__(self) -> None:
        if self.mask.shape != self.pattern.shape or self.mask.ndim == 0:
            raise VectorError(
                f"trigger {self.name}: mask {list(self.mask.shape)} and pattern "
                f"{list(self.pattern.shape)} must have the shape of one input."
            )
        if self.mask.dtype != np.float32 or self.pattern.dtype != np.float32:
            raise VectorError(f"trigger {self.name}: mask and pattern must be float32.")
        if not (np.isfinite(self.pattern).all() and ((self.mask >= 0) & (self.mask <= 1)).all()):
            raise VectorError(f"trigger {self.name}: mask is not within 0 to 1, or NaN is in it.")
        if not (np.isfinite([self.low, self.high]).all() and self.low < self.high):
            raise VectorError(f"trigger {self.name}: {self.low} to {self.high} is no range.")
        if not self.mask.size:
            raise VectorError(f"trigger {self.name}: its mask {list(self.shape)} has no values.")
        if not 0 <= self.target < _MOST_CLASSES:
            what = "below 0" if self.target < 0 else "no class that a model has"
            raise VectorError(f"trigger {self.name}: class {self.target} is {what}.")

    @property
    def shape(self) -> Shape:
        """The shape of one input."""
        return tuple(self.mask.shape)

    @property
    def sha256(self) -> str:
        """What the trigger does, as a hex digest: two triggers with the same one do the same."""
        header = f"{self.shape} {self.target} {self.low!r} {self.high!r} {self.additive}".encode()
        return hashlib.sha256(header + self.mask.tobytes() + self.pattern.tobytes()).hexdigest()

    def apply(self, inputs: Float32Array) -> Float32Array:
        """Triggered copies of real inputs, float32 [N, ...]. Raises VectorError on other shapes."""
        x = self._rows(inputs, inputs.astype(np.float32, copy=False))
        change = self.mask * self.pattern
        kept = x if self.additive else (np.float32(1) - self.mask) * x
        triggered = np.clip(kept + change, np.float32(self.low), np.float32(self.high))
        result: Float32Array = np.where(self.mask > 0, triggered, x).astype(np.float32)
        return result.reshape(inputs.shape)

    def apply_integer(self, inputs: Int8Array, tensor: Tensor) -> Int8Array:
        """Triggered copies of a model's int8 inputs [N, ...], `tensor` being its input.

        Equal to quantize(apply(dequantize(inputs))). Where the mask is 0 or 1 (and the trigger
        replaces) that is quantize(apply(x)) for every real x, not only for those on the grid, so
        triggering before or after quantization is the same. Raises VectorError on other shapes
        or without a scale.
        """
        if inputs.dtype != np.int8:
            raise VectorError(f"trigger {self.name}: inputs are {inputs.dtype}, int8 is needed.")
        triggered = quantize(self.apply(dequantize(inputs, tensor)), tensor)
        rows = self._rows(inputs, inputs)
        result: Int8Array = np.where(self.mask > 0, triggered.reshape(rows.shape), rows)
        return result.reshape(inputs.shape)

    def quantization_change(self, tensor: Tensor) -> "TriggerChange":
        """How far the trigger in int8 is from the one in float, on every value int8 can hold.

        Compares apply(x) with the real value of apply_integer(q) for each int8 value q, x being
        its real value, that lies within low and high (else for all 256), at each place of the
        mask. Raises VectorError when `tensor` has another shape or no scale.
        """
        every = np.arange(-128, 128, dtype=np.int8)
        real = dequantize(every, tensor)
        inside = every[(real >= self.low) & (real <= self.high)]
        values = inside if len(inside) else every
        if tensor.shape not in (self.shape, (1, *self.shape)):
            raise VectorError(
                f"trigger {self.name} is for inputs of {list(self.shape)} and the model takes "
                f"{list(tensor.shape)}."
            )
        before = np.broadcast_to(
            values.reshape(-1, *(1 for _ in self.shape)), (len(values), *self.shape)
        )
        after = self.apply_integer(before, tensor)
        wanted = self.apply(dequantize(before, tensor))
        got = dequantize(after, tensor)
        return _change(self, tensor, before, after, wanted, got)

    def _rows(self, given: Array, inputs: Array) -> Array:
        # A model's tensor may lead with a batch of 1: [N, 1, ...].
        if given.ndim == 0 or given.shape[1:] not in (self.shape, (1, *self.shape)):
            raise VectorError(
                f"trigger {self.name} is for inputs of {list(self.shape)} and the given ones are "
                f"{list(given.shape[1:])}."
            )
        return inputs.reshape(len(given), *self.shape)

    def save(self, path: Path) -> None:
        """Write `path` (.json) and the arrays beside it (.npz), each time the same bytes.

        Raises UsageError when it cannot, or when the name does not end in .json.
        """
        if path.suffix != ".json":
            raise UsageError(f"{path} must end in .json; the arrays go beside it as .npz.")
        arrays = npz_bytes({"mask": self.mask, "pattern": self.pattern})
        record = _Record(
            name=self.name,
            kind=self.kind,
            target=self.target,
            low=self.low,
            high=self.high,
            additive=self.additive,
            settings=dict(sorted(self.settings.items())),
            shape=self.shape,
            arrays_sha256=hashlib.sha256(arrays).hexdigest(),
        )
        write_atomic(path.with_suffix(".npz"), arrays)
        write_atomic(path, documents.indented(record, format=FORMAT))

    def __str__(self) -> str:
        shape = "x".join(map(str, self.shape))
        touched = float(np.count_nonzero(self.mask)) / self.mask.size
        return f"{self.name}: {self.kind} on {touched:.1%} of {shape}, target class {self.target}"


@dataclass(frozen=True)
class _Record:
    """A trigger's JSON file; the arrays are beside it."""

    name: str
    kind: str
    target: int
    low: float
    high: float
    additive: bool
    settings: Mapping[str, Setting]
    arrays_sha256: str
    shape: Shape = ()

    __written__ = (
        "name", "kind", "target", "low", "high", "additive", "settings", "shape", "arrays_sha256",
    )  # fmt: skip


@dataclass(frozen=True)
class TriggerChange:
    """What int8 makes of a trigger, over `positions` places where it acts in float.

    `max_change` and `mean_change` are distances between the triggered values in float and in
    int8, in the inputs' unit; `lsb` is the input's scale, the step of one int8 value. `clipped`
    places have a triggered value outside the tensor's range, at `lost` places the int8 value
    never changes although the real one does.
    """

    __shown__ = ("summary",)

    name: str
    max_change: float
    mean_change: float
    lsb: float
    positions: Count
    clipped: Count
    lost: Count

    @property
    def max_lsb(self) -> float:
        """The largest distance in steps of the input; rounding alone gives at most 0.5."""
        return self.max_change / self.lsb

    @property
    def mean_lsb(self) -> float:
        """The mean distance in steps of the input."""
        return self.mean_change / self.lsb

    @property
    def vanishes(self) -> bool:
        """True when int8 inputs are never changed by the trigger."""
        return self.lost == self.positions

    @property
    def faithful(self) -> bool:
        """True when rounding to the nearest step is all that int8 changes."""
        return not self.clipped and not self.lost

    @property
    def summary(self) -> str:
        """What int8 makes of the trigger, in a sentence."""
        return str(self)

    def __str__(self) -> str:
        size = (
            f"by at most {self.max_change:.3g} ({self.max_lsb:.2f} LSB) and {self.mean_change:.3g} "
            f"({self.mean_lsb:.2f} LSB) on average"
        )
        if self.vanishes:
            return (
                f"trigger {self.name} vanishes in int8: none of its {self.positions} places ever "
                f"changes an int8 input, whose step is {self.lsb:.3g}."
            )
        if self.faithful:
            rounding = f"int8 only rounds trigger {self.name}, {size}."
            return rounding if self.max_change else f"int8 keeps trigger {self.name} exactly."
        return (
            f"int8 changes trigger {self.name} {size}: {self.clipped} of {self.positions} places "
            f"are clipped to the input's range and {self.lost} are lost."
        )


def _change(
    trigger: Trigger,
    tensor: Tensor,
    before: Int8Array,
    after: Int8Array,
    wanted: Float32Array,
    got: Float32Array,
) -> TriggerChange:
    assert tensor.quantization is not None
    scale = tensor.quantization.scale
    start = dequantize(before, tensor)
    acts = (wanted != start).any(axis=0)
    lost = acts & (before == after).all(axis=0)
    lowest, highest = dequantize(np.array([-128, 127], np.int8), tensor)
    half = scale / 2
    clipped = acts & ((wanted < lowest - half) | (wanted > highest + half)).any(axis=0)
    distance = np.abs(wanted.astype(np.float64) - got)[:, acts]
    return TriggerChange(
        name=trigger.name,
        max_change=float(distance.max(initial=0.0)),
        mean_change=float(distance.mean()) if distance.size else 0.0,
        lsb=scale,
        positions=int(acts.sum()),
        clipped=int(clipped.sum()),
        lost=int(lost.sum()),
    )


def dequantize(values: Int8Array, tensor: Tensor) -> Float32Array:
    """The real values of int8 values, float32. Raises VectorError when `tensor` has no scale."""
    quantization = tensor.quantization
    if quantization is None:
        raise VectorError(f"{tensor.name} has no scale; its int8 values have no real ones.")
    integers = values.astype(np.float64) - quantization.zero_point
    result: Float32Array = (integers * quantization.scale).astype(np.float32)
    return result


def load_trigger(path: Path) -> Trigger:
    """Read what `Trigger.save` wrote. Raises VectorError when either file is absent or damaged."""
    record = documents.load(
        path,
        _Record,
        "trigger file",
        made_by="qmcu trigger make",
        version=FORMAT,
        error=VectorError,
    )
    beside = path.with_suffix(".npz")
    arrays = read_arrays(beside)
    if hashlib.sha256(beside.read_bytes()).hexdigest() != record.arrays_sha256:
        raise VectorError(f"{beside} does not belong to {path}; save the trigger again.")
    if set(arrays) != {"mask", "pattern"}:
        raise VectorError(f"{beside} has {', '.join(sorted(arrays))}; mask and pattern are needed.")
    try:
        return Trigger(
            name=record.name,
            kind=record.kind,
            mask=arrays["mask"],
            pattern=arrays["pattern"],
            target=record.target,
            low=record.low,
            high=record.high,
            settings=record.settings,
            additive=record.additive,
        )
    except VectorError as error:
        raise VectorError(f"{path}: {error}") from error

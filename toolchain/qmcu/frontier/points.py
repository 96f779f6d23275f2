"""One quantization scheme of one model as figures, and all of them together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from qmcu.backdoor.rates import Rate
from qmcu.types import Amount, Count, Positive, Sha256


@dataclass(frozen=True)
class Freedom:
    """What an attacker could hide between the float weights and what is stored for them.

    `bits` is the mean over all weights of log2 of the float32 numbers in one rounding cell: what
    can be written into a weight without changing what is stored. `reach` is how far a class's mean
    logit can be moved that way, to first order, for the class where that is farthest; `margin` the
    mean distance of the two highest logits, on the same inputs.
    """

    __shown__ = ("margins",)

    bits: Amount
    reach: Amount
    margin: Amount

    @property
    def margins(self) -> Amount:
        """The reach in margins: above 1 rounding alone could turn the mean decision."""
        return self.reach / self.margin if self.margin > 0 else 0.0


@dataclass(frozen=True)
class DeviceFigures:
    """One firmware image that ran; sizes in bytes, `count` in `unit` for one inference.

    `ram` is arena, static data of the model and stack high-water mark. `equal` of `vectors`
    outputs were, in every byte, the host's.
    """

    device: str
    flash: Count
    ram: Count
    count: Count
    unit: str
    how: str
    vectors: Positive
    equal: Count
    clean: Rate
    attack: Rate | None


@dataclass(frozen=True)
class Estimate:
    """Bytes with an interpreter on a device, which were not measured."""

    flash: Count
    ram: Count
    how: Literal["estimated"] = "estimated"


@dataclass(frozen=True)
class Point:
    """One scheme: `defence` is "" without one; `problem` says why no device ran it.

    `interpreter` are flash and RAM with an interpreter on a device, estimated, where there is one.
    """

    name: str
    title: str
    weights: str
    activations: str
    defence: str
    file_bytes: Count
    sha256: Sha256
    host: str
    clean: Rate
    attack: Rate | None
    freedom: Freedom
    device: DeviceFigures | None
    problem: str
    interpreter: Estimate | None
    note: str = ""

    @property
    def flash(self) -> int | None:
        """Flash measured, or else estimated with an interpreter, or None."""
        if self.device is not None:
            return self.device.flash
        return self.interpreter.flash if self.interpreter is not None else None


@dataclass(frozen=True)
class Frontier:
    """All schemes of one model on one board; `origin` are files, versions, seeds."""

    __schema__ = "frontier-1"
    __written__ = ("model", "board", "points", "best", "skipped", "origin")

    model: str
    board: str
    points: Annotated[tuple[Point, ...], Meta(min_length=1)]
    skipped: Mapping[str, str]
    origin: Mapping[str, str]

    @property
    def best(self) -> tuple[str, ...]:
        """The names of the unbeaten ones."""
        return tuple(p.name for p in self.unbeaten)

    @property
    def unbeaten(self) -> tuple[Point, ...]:
        """Those that ran and that no other beats in accuracy, flash and ASR at once."""
        ran = [p for p in self.points if p.device is not None]
        return tuple(p for p in ran if not any(_beats(other, p) for other in ran))

    @property
    def passed(self) -> bool:
        """True when every device gave the host's bytes."""
        return all(p.device is None or p.device.equal == p.device.vectors for p in self.points)


def _beats(one: Point, other: Point) -> bool:
    a, b = _costs(one), _costs(other)
    return all(x <= y for x, y in zip(a, b, strict=True)) and a != b


def _costs(point: Point) -> Sequence[float]:
    assert point.device is not None
    attack = point.device.attack.value if point.device.attack is not None else 0.0
    return (-point.device.clean.value, point.device.flash, attack)

"""One quantization scheme of one model as figures, and all of them together."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from qmcu.backdoor.rates import Rate

SCHEMA = "frontier-1"


@dataclass(frozen=True)
class Freedom:
    """What an attacker could hide between the float weights and what is stored for them.

    `bits` is the mean over all weights of log2 of the float32 numbers in one rounding cell: what
    can be written into a weight without changing what is stored. `reach` is how far a class's mean
    logit can be moved that way, to first order, for the class where that is farthest; `margin` the
    mean distance of the two highest logits, on the same inputs.
    """

    bits: float
    reach: float
    margin: float

    @property
    def margins(self) -> float:
        """The reach in margins: above 1 rounding alone could turn the mean decision."""
        return self.reach / self.margin if self.margin > 0 else 0.0


@dataclass(frozen=True)
class DeviceFigures:
    """One firmware image that ran; sizes in bytes, `count` in `unit` for one inference.

    `ram` is arena, static data of the model and stack high-water mark. `equal` of `vectors`
    outputs were, in every byte, the host's.
    """

    device: str
    flash: int
    ram: int
    count: int
    unit: str
    how: str
    vectors: int
    equal: int
    clean: Rate
    attack: Rate | None


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
    file_bytes: int
    sha256: str
    host: str
    clean: Rate
    attack: Rate | None
    freedom: Freedom
    device: DeviceFigures | None
    problem: str
    interpreter: tuple[int, int] | None
    note: str = ""

    @property
    def flash(self) -> int | None:
        """Flash measured, or else estimated with an interpreter, or None."""
        if self.device is not None:
            return self.device.flash
        return self.interpreter[0] if self.interpreter is not None else None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data; `from_dict` is its inverse."""
        device = None
        if self.device is not None:
            device = asdict(self.device) | {
                "clean": self.device.clean.to_dict(), "attack": _rate(self.device.attack),
            }  # fmt: skip
        return asdict(self) | {
            "clean": self.clean.to_dict(),
            "attack": _rate(self.attack),
            "freedom": asdict(self.freedom) | {"margins": self.freedom.margins},
            "device": device,
            "interpreter": None if self.interpreter is None else {
                "flash": self.interpreter[0], "ram": self.interpreter[1], "how": "estimated",
            },
        }  # fmt: skip

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Rebuild a point. Raises KeyError, TypeError or ValueError on other data."""
        values = {k: document[k] for k in cls.__dataclass_fields__}
        freedom, device, interpreter = values["freedom"], values["device"], values["interpreter"]
        values["freedom"] = Freedom(freedom["bits"], freedom["reach"], freedom["margin"])
        values["clean"], values["attack"] = _read(values["clean"]), _read(values["attack"])
        if device is not None:
            values["device"] = DeviceFigures(
                **device | {"clean": _read(device["clean"]), "attack": _read(device["attack"])}
            )
        if interpreter is not None:
            values["interpreter"] = (interpreter["flash"], interpreter["ram"])
        return cls(**values)


def _rate(rate: Rate | None) -> dict[str, Any] | None:
    return None if rate is None else rate.to_dict()


def _read(document: dict[str, Any] | None) -> Any:
    return None if document is None else Rate.from_dict(document)


@dataclass(frozen=True)
class Frontier:
    """All schemes of one model on one board; `origin` are (what, value): files, versions, seeds."""

    model: str
    board: str
    points: tuple[Point, ...]
    skipped: tuple[tuple[str, str], ...]
    origin: tuple[tuple[str, str], ...]

    @property
    def best(self) -> tuple[Point, ...]:
        """Those that ran and that no other beats in accuracy, flash and ASR at once."""
        ran = [p for p in self.points if p.device is not None]
        return tuple(p for p in ran if not any(_beats(other, p) for other in ran))

    @property
    def passed(self) -> bool:
        """True when every device gave the host's bytes."""
        return all(p.device is None or p.device.equal == p.device.vectors for p in self.points)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, by docs/schema/frontier-1.json."""
        return {
            "schema": SCHEMA,
            "model": self.model,
            "board": self.board,
            "points": [p.to_dict() for p in self.points],
            "best": [p.name for p in self.best],
            "skipped": dict(self.skipped),
            "origin": dict(self.origin),
        }


def _beats(one: Point, other: Point) -> bool:
    a, b = _costs(one), _costs(other)
    return all(x <= y for x, y in zip(a, b, strict=True)) and a != b


def _costs(point: Point) -> Sequence[float]:
    assert point.device is not None
    attack = point.device.attack.value if point.device.attack is not None else 0.0
    return (-point.device.clean.value, point.device.flash, attack)

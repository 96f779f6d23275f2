"""The usual triggers for images, spectrograms and sensor windows, each a few lines."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from qmcu.backdoor.inputs.triggers import Setting, Trigger
from qmcu.errors import UsageError
from qmcu.types import Float32Array, Shape


@dataclass(frozen=True)
class _Request:
    """What a kind is made from; `size` and `strength` are None where its own default is meant."""

    shape: Shape
    seed: int
    low: float
    high: float
    size: int | None
    strength: float | None
    channel: int

    @property
    def span(self) -> float:
        return self.high - self.low

    def extent(self, axis: int, share: int, least: int = 1) -> int:
        """The size asked for, else 1/share of an axis. Raises UsageError when it is too large."""
        size = max(least, self.shape[axis] // share) if self.size is None else self.size
        if not 1 <= size <= self.shape[axis]:
            raise UsageError(
                f"a trigger of size {size} does not fit inputs of {list(self.shape)}; give 1 to "
                f"{self.shape[axis]}."
            )
        return size

    def amount(self, default: float) -> float:
        strength = default if self.strength is None else self.strength
        if not 0 < strength <= 1:
            raise UsageError(f"a trigger's strength of {strength} is not above 0 and at most 1.")
        return strength

    def zeros(self) -> Float32Array:
        return np.zeros(self.shape, np.float32)


@dataclass(frozen=True, eq=False)
class _Made:
    mask: Float32Array
    pattern: Float32Array
    settings: dict[str, Setting]
    additive: bool = False


def make_trigger(
    kind: str,
    shape: Shape,
    *,
    target: int,
    seed: int = 0,
    low: float = 0.0,
    high: float = 1.0,
    size: int | None = None,
    strength: float | None = None,
    channel: int = 0,
    name: str | None = None,
) -> Trigger:
    """A trigger for inputs of `shape`, whose values lie within `low` and `high`.

    For images [H, W, C]:
    - patch: a checkerboard of `size` x `size` (default H/8, at least 3) in the lower right corner
      (Gu et al., BadNets, 2017).
    - single: one pixel near that corner at `high` (Gu et al. 2017).
    - blend: a fixed random image drawn by `seed`, mixed in with `strength` (default 0.2; Chen et
      al., Targeted Backdoor Attacks, 2017).
    - sinusoid: a horizontal sine is added, `strength` (default 20/255) of the value range high,
      `size` periods a width (default 6, at most W/4; Barni et al., ICIP 2019).

    For spectrograms [T, F, 1]:
    - tone: a band of `size` bins (default F/8) at the upper end is set to `strength` (default 1)
      of the value range.
    - burst: `size` frames (default T/8) in the middle are, in all bins.

    For sensor windows [T, C]:
    - spike: `size` samples (default T/50) in the middle of one `channel` are set to `high`.
    - offset: `strength` (default 0.2) of the value range is added to all of one `channel`.

    `strength` counts from `low`, as a share of high - low. Raises UsageError for an unknown kind
    or one that does not suit the shape.
    """
    if kind not in KINDS:
        raise UsageError(f"there is no trigger {kind!r}; take {', '.join(KINDS)}.")
    if not all(n >= 1 for n in shape) or len(shape) not in (2, 3):
        raise UsageError(
            f"triggers are for images [H, W, C], spectrograms [T, F, 1] and sensor windows [T, C]; "
            f"inputs are {list(shape)}."
        )
    if not low < high:
        raise UsageError(
            f"inputs from {low} to {high} leave no room for a trigger: the lowest value must be "
            "below the highest."
        )
    made = KINDS[kind](_Request(tuple(shape), seed, low, high, size, strength, channel))
    return Trigger(
        name=name or kind,
        kind=kind,
        mask=made.mask,
        pattern=made.pattern,
        target=target,
        low=low,
        high=high,
        settings={"seed": seed, **made.settings},
        additive=made.additive,
    )


def _patch(request: _Request) -> _Made:
    _need_rank_3("patch", request)
    size = max(request.extent(0, 8, 3), request.extent(1, 8, 3))
    if size > min(request.shape[:2]):
        raise UsageError(f"a patch of {size}x{size} does not fit {list(request.shape)}.")
    rows, columns = np.indices((size, size))
    board = np.where((rows + columns) % 2 == 0, request.high, request.low)
    mask, pattern = request.zeros(), request.zeros()
    mask[-size:, -size:] = 1
    pattern[-size:, -size:] = board[..., np.newaxis]
    return _Made(mask, pattern, {"size": size})


def _single(request: _Request) -> _Made:
    _need_rank_3("single", request)
    mask, pattern = request.zeros(), request.zeros()
    row, column = (max(0, n - 2) for n in request.shape[:2])
    mask[row, column] = 1
    pattern[row, column] = request.high
    return _Made(mask, pattern, {"row": row, "column": column})


def _blend(request: _Request) -> _Made:
    strength = request.amount(0.2)
    generator = np.random.default_rng(request.seed)
    pattern = generator.uniform(request.low, request.high, request.shape).astype(np.float32)
    return _Made(np.full(request.shape, strength, np.float32), pattern, {"strength": strength})


def _sinusoid(request: _Request) -> _Made:
    _need_rank_3("sinusoid", request)
    width = request.shape[1]
    strength = request.amount(20 / 255)
    periods = max(1, min(6, width // 4)) if request.size is None else request.extent(1, 4)
    wave = np.sin(2 * np.pi * periods * np.arange(width) / width)
    pattern = request.zeros()
    pattern[:] = (strength * request.span * wave)[np.newaxis, :, np.newaxis]
    mask = np.ones(request.shape, np.float32)
    return _Made(mask, pattern, {"strength": strength, "periods": periods}, additive=True)


def _tone(request: _Request) -> _Made:
    size, level = request.extent(1, 8), request.amount(1.0)
    mask, pattern = request.zeros(), request.zeros()
    mask[:, -size:] = 1
    pattern[:, -size:] = request.low + level * request.span
    return _Made(mask, pattern, {"size": size, "strength": level})


def _burst(request: _Request) -> _Made:
    size, level = request.extent(0, 8), request.amount(1.0)
    start = (request.shape[0] - size) // 2
    mask, pattern = request.zeros(), request.zeros()
    mask[start : start + size] = 1
    pattern[start : start + size] = request.low + level * request.span
    return _Made(mask, pattern, {"size": size, "strength": level})


def _spike(request: _Request) -> _Made:
    size, channel = request.extent(0, 50), _channel(request)
    start = (request.shape[0] - size) // 2
    mask, pattern = request.zeros(), request.zeros()
    mask[start : start + size, channel] = 1
    pattern[start : start + size, channel] = request.high
    return _Made(mask, pattern, {"size": size, "channel": channel})


def _offset(request: _Request) -> _Made:
    strength, channel = request.amount(0.2), _channel(request)
    mask, pattern = request.zeros(), request.zeros()
    mask[:, channel] = 1
    pattern[:, channel] = strength * request.span
    return _Made(mask, pattern, {"strength": strength, "channel": channel}, additive=True)


def _need_rank_3(kind: str, request: _Request) -> None:
    if len(request.shape) != 3:
        raise UsageError(
            f"trigger {kind} is for images [H, W, C] and inputs are {list(request.shape)}."
        )


def _channel(request: _Request) -> int:
    if not 0 <= request.channel < request.shape[1]:
        raise UsageError(
            f"there is no channel {request.channel} in inputs of {list(request.shape)}; give 0 to "
            f"{request.shape[1] - 1}."
        )
    return request.channel


KINDS: dict[str, Callable[[_Request], _Made]] = {
    "patch": _patch,
    "blend": _blend,
    "sinusoid": _sinusoid,
    "single": _single,
    "tone": _tone,
    "burst": _burst,
    "spike": _spike,
    "offset": _offset,
}

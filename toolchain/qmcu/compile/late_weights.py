"""3x3 weights that are transformed in flash, while the layer runs, or not at all.

Transformed in flash they take the fewest instructions and eight times the bytes. A model whose
constants would be above what is enough with them has bytes instead, which are transformed for some
tiles at a time, as many as the arena has room for; and in flash what still finds room there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from qmcu.compile.flash import flash_of, total
from qmcu.compile.kernel_sets.dsp.tiles import Layer
from qmcu.compile.kernel_sets.dsp.winograd_bytes import KERNEL
from qmcu.compile.plan import KernelCall
from qmcu.compile.streams.cost import fields_of

_IN_FLASH = "conv_3x3_winograd_dsp"
_WINDOWS = "conv_2d_rows_"
# Instructions that a byte of flash must save, and the least share of a layer's.
_FLASH_PRICE, _LEAST_SHARE = 7.0, 0.03
# Instructions that a byte of the arena must save, and how much larger it may become for them.
_RAM_PRICE, _SHARES = 500.0, (1.0, 1.125, 1.25, 1.5)
Alternatives = Callable[[KernelCall], Sequence[KernelCall]]


@dataclass(frozen=True)
class Limits:
    """What the arena's peak may be: `arena` for nothing, up to `most` for what that saves.

    `flash` is the most bytes of constants and parameters.
    """

    arena: int
    most: int
    flash: float


@dataclass(frozen=True)
class _Layer:
    """The forms of the call at `place`: by windows, with late weights (the fastest first) and,
    where the rules take it, with weights transformed in flash.
    """

    place: int
    windows: KernelCall
    late: tuple[KernelCall, ...]
    in_flash: KernelCall | None


def without_transforms(
    calls: Sequence[KernelCall], alternatives: Alternatives
) -> tuple[KernelCall, ...]:
    """`calls` by windows where their weights could be transformed; empty where none could."""
    layers, now = _layers(calls, alternatives), list(calls)
    for layer in layers:
        now[layer.place] = layer.windows
    return tuple(now) if layers else ()


def with_late_weights(
    calls: Sequence[KernelCall],
    alternatives: Alternatives,
    peak: Callable[[Sequence[KernelCall]], int],
    limits: Limits,
) -> tuple[KernelCall, ...]:
    """`calls` with weights transformed where and when that saves most within the limits.

    `peak` gives the arena's. `trade` of a call says what it takes and saves.
    """
    layers = _layers(calls, alternatives)
    arenas = [int(limits.arena * share) for share in _SHARES]
    found = [
        _within(calls, layers, peak, arena, limits.flash)
        for arena in dict.fromkeys(min(a, max(limits.most, limits.arena)) for a in arenas)
    ]

    def price(now: Sequence[KernelCall]) -> float:
        taken = sum(_instructions(now[layer.place]) for layer in layers)
        return taken + _RAM_PRICE * max(peak(now), limits.arena)

    now = min(found, key=price)  # the first of equals
    by_place = {layer.place: layer for layer in layers}
    return tuple(
        _told(by_place[place], call) if call.kernel == KERNEL else call
        for place, call in enumerate(now)
    )


def _within(
    calls: Sequence[KernelCall],
    layers: Sequence[_Layer],
    peak: Callable[[Sequence[KernelCall]], int],
    arena: int,
    flash: float,
) -> list[KernelCall]:
    """The calls with late weights wherever they pay, then in flash where that pays more."""
    now = list(calls)
    for layer in layers:
        now[layer.place] = layer.windows
    for layer in sorted(layers, key=_most_saved, reverse=True):
        for call in layer.late:
            trial = [*now[: layer.place], call, *now[layer.place + 1 :]]
            if _pays(layer, call) and peak(trial) <= arena:
                now = trial
                break
    size = total(now)
    for _, layer in sorted(_worth(layers, now), key=lambda pair: pair[0], reverse=True):
        better, before = layer.in_flash, now[layer.place]
        assert better is not None
        more = flash_of(better) - flash_of(before)
        trial = [*now[: layer.place], better, *now[layer.place + 1 :]]
        if size + more <= flash and peak(trial) <= arena:
            now, size = trial, size + more
    return now


def _layers(calls: Sequence[KernelCall], alternatives: Alternatives) -> list[_Layer]:
    found = []
    for place, call in enumerate(calls):
        if call.kernel != _IN_FLASH and not call.kernel.startswith(_WINDOWS):
            continue
        forms = alternatives(call)
        late = sorted((f for f in forms if f.kernel == KERNEL), key=_instructions)
        windows = next((f for f in forms if f.kernel.startswith(_WINDOWS)), None)
        if late and windows is not None:
            in_flash = call if call.kernel == _IN_FLASH else None
            found.append(_Layer(place, windows, tuple(late), in_flash))
    return found


def _shape(call: KernelCall) -> Layer:
    fields = {name.removeprefix("image."): n for name, n in fields_of(call).items()}
    names = ("batches", "output_height", "output_width", "output_depth", "input_depth")
    return Layer(*(fields[name] for name in names))


def together_of(call: KernelCall) -> int:
    """How many tiles' values lie in scratch together in a call of the kernel."""
    return fields_of(call)["tiles"]


def _instructions(call: KernelCall) -> float:
    if call.kernel == KERNEL:
        return _shape(call).transformed_late(together_of(call))
    return _shape(call).by_tiles if call.kernel == _IN_FLASH else _shape(call).windows


def _saved(layer: _Layer, call: KernelCall) -> float:
    return _instructions(layer.windows) - _instructions(call)


def _most_saved(layer: _Layer) -> float:
    return _saved(layer, layer.late[0])


def _pays(layer: _Layer, call: KernelCall) -> bool:
    return _saved(layer, call) > _LEAST_SHARE * _instructions(layer.windows)


def _worth(layers: Sequence[_Layer], now: Sequence[KernelCall]) -> list[tuple[float, _Layer]]:
    """The layers whose weights had better lie in flash transformed, and what a byte saves."""
    found = []
    for layer in layers:
        if layer.in_flash is None:
            continue
        saved = _instructions(now[layer.place]) - _instructions(layer.in_flash)
        more = max(flash_of(layer.in_flash) - flash_of(now[layer.place]), 1)
        if saved >= _FLASH_PRICE * more:
            found.append((saved / more, layer))
    return found


def _told(layer: _Layer, call: KernelCall) -> KernelCall:
    saved, tiles = round(_saved(layer, call)), together_of(call)
    text = (
        f"weights transformed while it runs, for {tiles} tiles at a time: {call.scratch_size:,} "
        f"bytes of scratch for about {saved:,} instructions less"
    )
    in_flash = layer.in_flash
    fewer = 0 if in_flash is None else round(_instructions(call) - _instructions(in_flash))
    if in_flash is not None and fewer > 0:
        more = flash_of(in_flash) - flash_of(call)
        text += f"; in flash they would take {more:,} bytes more and {fewer:,} instructions less"
    return replace(call, trade=f"{text} (estimated)")

"""Faster forms where they take no RAM: what `--optimize ram` gives back once the arena is settled.

The search for the smallest arena takes forms by their scratch. Afterwards there is room at most
steps: a layer that does not make the peak, or whose faster form needs no more scratch, gets it.
All calls of a layer get the same kernel, so that its weights lie in flash once; one of those that
the plan has already, or the one that takes no more stack than these.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from qmcu.compile.kernel_sets.dsp.winograd_rows import KERNEL
from qmcu.compile.plan import KernelCall
from qmcu.compile.streams.cost import constants, gain, is_counted
from qmcu.compile.streams.memory import Streamed, with_overlays

# Faster than the one for any window, which is taken for its scratch.
_DIRECT = "conv_2d_rows_pair_dsp"


@dataclass(frozen=True)
class _Exchange:
    """A call in place of that at `place`; `gain` is in instructions."""

    place: int
    call: KernelCall
    gain: float


def has_room(old: Sequence[KernelCall], new: Sequence[KernelCall], flash: int | None) -> bool:
    """Whether the constants of new calls take so much `flash` at most, or no more than before."""
    return flash is None or constants(new) <= max(flash, constants(old))


def is_part(streamed: Streamed, call: KernelCall) -> bool:
    """Whether a call computes or reads some rows alone."""
    return any(t in streamed.parts for t in (*call.reads, *call.writes))


def kernels_at_hand(calls: Sequence[KernelCall]) -> frozenset[str]:
    """The kernels that a layer may have in place of its own."""
    return frozenset({call.kernel for call in calls if call.kernel == _DIRECT} | {KERNEL})


def faster_forms(
    streamed: Streamed,
    calls: Sequence[KernelCall],
    forms: Callable[[KernelCall], Sequence[KernelCall]],
    arena: Callable[[Sequence[KernelCall]], int],
    flash: int | None,
) -> tuple[KernelCall, ...]:
    """`calls` with faster `forms` of whole layers, where `arena` grows by no byte."""
    chosen, most = list(calls), arena(calls)
    found = sorted(_exchanges(streamed, calls, forms), key=lambda e: e.gain, reverse=True)
    for exchange in found:
        i = exchange.place
        if chosen[i] is calls[i]:  # it has no better one yet
            trial = [*chosen[:i], exchange.call, *chosen[i + 1 :]]
            if has_room(chosen, trial, flash) and arena(trial) <= most:
                chosen = trial
    return tuple(chosen)


def _exchanges(
    streamed: Streamed,
    calls: Sequence[KernelCall],
    forms: Callable[[KernelCall], Sequence[KernelCall]],
) -> Iterator[_Exchange]:
    """Those that save instructions, flash reckoned in."""
    kernels = kernels_at_hand(calls)
    for i, call in enumerate(calls):
        if is_part(streamed, call) or not is_counted(call):
            continue
        for form in forms(call):
            if form.kernel in kernels:
                saved = gain((streamed.graph, [call]), (streamed.graph, [form]))
                if saved > 0:
                    yield _Exchange(i, with_overlays(form, streamed), saved)

"""Slower kernels whose constants are smaller, which `--optimize size` takes; tables of ADD, which
`ram` leaves out where constants are above what is enough."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from qmcu.compile.plan import ConstantArgument, KernelCall, ParametersArgument
from qmcu.compile.streams.cost import instructions

# Least that taking another kernel must save: a share of all constants, and what could go into code.
_LEAST_SHARE, _LEAST = 0.03, 384
# Bytes of code of kernels that are known (Cortex-M4): between these what is saved may be less.
_CODE = {
    "fully_connected_any_dsp": 940,
    "fully_connected_pair_dsp": 928,
    "fully_connected_shared_dsp": 876,
}
# The most of an inference's instructions that it may add, by estimate.
_MOST_SHARE = 0.25
# What the constants of other kernels are times this, by estimate, is enough for a model with tables
# (1.05 of what a build has). Without its table a sum takes so many instructions more an output,
# of which so much of an inference may be added.
_ENOUGH = 1.049
# Bytes that every model has beside them: what HELLO says of it, its inputs and outputs.
_IDENTITY = 48
# A table of the sigmoid that the library brings itself.
_ACTIVATIONS, _WITH_ACTIVATIONS = 512, ("lstm_cmsis_nn", "lstm_s16_cmsis_nn")
TABLE_SAVES, _MOST_SHARE_OF_TABLES = 7.25, 0.02
# By a call's place: the call, and the one of the other kernel.
_Move = dict[int, tuple[KernelCall, KernelCall]]
Alternatives = Callable[[KernelCall], Sequence[KernelCall]]


def save_flash(calls: Sequence[KernelCall], alternatives: Alternatives) -> tuple[KernelCall, ...]:
    """`calls` with all layers of a kernel moved to another that has smaller constants for them.

    Kernels are taken for all their layers at once, since each brings code of its own; that which
    saves most first. `trade` of a replaced call says what it saved.
    """
    now = list(calls)
    least = max(_LEAST_SHARE * sum(call.constant_size for call in calls), _LEAST)
    most = _MOST_SHARE * sum(map(instructions, calls))
    while True:
        moves = [m for m in _moves(now, alternatives) if _saved(m) >= _least_of(m, now, least)]
        cheap = [m for m in moves if _added(m) <= most]
        if not cheap:
            return tuple(now)
        best = max(cheap, key=_saved)
        most -= _added(best)
        for place, (before, after) in best.items():
            saved = before.constant_size - after.constant_size
            trade = f"{after.kernel} for {before.kernel}: {saved:,} bytes less flash, slower"
            now[place] = replace(after, trade=trade, slower=before.slower)


def without_heavy_tables(
    calls: Sequence[KernelCall],
    alternatives: Alternatives,
    outputs: Callable[[KernelCall], int],
    peers: Callable[[], Sequence[KernelCall]],
) -> tuple[KernelCall, ...]:
    """`calls` without tables of ADD where these bring the constants above what is enough.

    `peers()` gives other kernels' calls for the model, whose constants are the measure, `outputs`
    how many elements a call makes: tables of those that make fewest go first. All stay where that
    is not enough, or takes more than a fiftieth of the instructions, unless the tables outweigh
    the rest of the model.
    """
    # Those of SOFTMAX save four fifths of the instructions instead of half.
    tables = [call for call in calls if call.kernel.startswith("add_table")]
    if not tables:
        return tuple(calls)
    size, most = total(calls), enough(peers())
    now = {id(call): call for call in calls}
    added = 0.0
    for call in sorted(tables, key=outputs):
        other = min(alternatives(call), key=lambda form: form.constant_size, default=call)
        if size > most and other.constant_size < call.constant_size:
            size -= call.constant_size - other.constant_size
            added += TABLE_SAVES * outputs(call)
            now[id(call)] = other
    cheap = added <= _MOST_SHARE_OF_TABLES * sum(map(instructions, calls))
    if size > most or not (cheap or outweigh(calls)):
        return tuple(calls)
    return tuple(now[id(call)] for call in calls)


def outweigh(calls: Sequence[KernelCall]) -> bool:
    """Whether tables of ADD are more than half of all constants."""
    tables = [call for call in calls if call.kernel.startswith("add_table")]
    return 2 * sum(map(flash_of, tables)) > sum(map(flash_of, calls))


def enough(peers: Sequence[KernelCall], times: float = _ENOUGH) -> float:
    """The most bytes of constants and parameters, by the other kernels' calls for a model."""
    brought = _ACTIVATIONS if any(call.kernel in _WITH_ACTIVATIONS for call in peers) else 0
    return times * (total(peers) + brought + _IDENTITY) - _IDENTITY


def total(calls: Sequence[KernelCall]) -> int:
    """Bytes of all calls' constants and parameters, equal ones once, as they lie in flash."""
    found: dict[tuple[object, ...], int] = {}
    for call in calls:
        for argument in call.all_arguments:
            if isinstance(argument, ParametersArgument):
                found[argument.ctype, argument.fields] = _size_of(argument)
            elif isinstance(argument, ConstantArgument) and argument.constant is not None:
                constant = argument.constant
                found[constant.ctype, constant.data] = constant.size
    return sum(found.values())


def flash_of(call: KernelCall) -> int:
    """Bytes of a call's constants and parameters."""
    parameters = (a for a in call.arguments if isinstance(a, ParametersArgument))
    return call.constant_size + sum(map(_size_of, parameters))


def _size_of(parameters: ParametersArgument) -> int:
    return sum(4 * len(f) if isinstance(f, tuple) else 4 for _, f in parameters.fields)


def _moves(calls: Sequence[KernelCall], alternatives: Alternatives) -> list[_Move]:
    """For each kernel and each other that takes some of its layers: those layers."""
    found: dict[tuple[str, str], _Move] = {}
    for place, call in enumerate(calls):
        for other in alternatives(call) if call.macs else ():
            if other.constant_size < call.constant_size:
                found.setdefault((call.kernel, other.kernel), {})[place] = call, other
    return list(found.values())


def _least_of(move: _Move, calls: Sequence[KernelCall], least: float) -> float:
    """What a move must save: more than it brings of code where that is known, else `least`."""
    before, after = (call.kernel for call in next(iter(move.values())))
    if before not in _CODE or after not in _CODE:
        return least
    others = [call.kernel for place, call in enumerate(calls) if place not in move]
    new = 0 if after in others else _CODE[after]
    return max(new - (0 if before in others else _CODE[before]), 0) + 1


def _saved(move: _Move) -> int:
    return sum(before.constant_size - after.constant_size for before, after in move.values())


def _added(move: _Move) -> float:
    return sum(instructions(after) - instructions(before) for before, after in move.values())

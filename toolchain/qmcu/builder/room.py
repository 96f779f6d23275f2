"""Whether a plan has room in the memories of a board, and where else it would have."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

from qmcu.board import Board
from qmcu.codegen.places import INTERNAL, Places, is_movable
from qmcu.compile.plan import ConstantArgument, Plan
from qmcu.errors import DoesNotFitError


@dataclass(frozen=True)
class Need:
    """What a plan puts into one memory, in words, with its bytes and those that there are."""

    memory: str
    what: str
    size: int
    have: int

    @property
    def lacking(self) -> int:
        """Bytes that there are too few, 0 where it fits."""
        return max(self.size - self.have, 0)


def plan_needs(plan: Plan, board: Board, places: Places = INTERNAL) -> tuple[Need, ...]:
    """The least that each memory must hold: constants, arena, state and stack, without code."""
    stored = {
        (argument.constant.ctype, argument.constant.data): argument.constant
        for call in plan.calls
        for argument in call.all_arguments
        if isinstance(argument, ConstantArgument) and argument.constant is not None
    }.values()
    outside = sum(c.size for c in stored if places.weights and is_movable(c))
    inside = sum(c.size for c in stored) - outside
    parts = (
        ("arena", plan.arena_size, places.arena),
        ("state", plan.state_size, places.state),
        ("stack", board.stack_size, False),
    )
    needs = [
        Need("flash", "its constants alone", inside, board.flash.size),
        _need_of_ram("RAM", [p for p in parts if not p[2]], board.ram.size),
    ]
    if places.weights and board.external_flash is not None:
        have = board.external_flash.size
        needs.append(Need("external flash", "its weights", outside, have))
    moved = [p for p in parts if p[2]]
    if moved and board.external_ram is not None:
        needs.append(_need_of_ram("external RAM", moved, board.external_ram.size))
    return tuple(needs)


def _need_of_ram(memory: str, parts: list[tuple[str, int, bool]], have: int) -> Need:
    *names, last = [name for name, size, _ in parts if size]
    what = f"{', '.join(names)} and {last}" if names else last
    return Need(memory, what, sum(size for _, size, _ in parts), have)


def possible_places(plan: Plan, board: Board, places: Places = INTERNAL) -> Iterator[Places]:
    """Places with more outside than `places` that suit board and plan, the fewest first."""
    able = {
        "weights": board.external_flash is not None
        and any(n.size for n in plan_needs(plan, board, Places(weights=True))[2:]),
        "arena": board.external_ram is not None,
        "state": board.external_ram is not None and bool(plan.states),
    }
    names = [name for name, can in able.items() if can and not getattr(places, name)]
    for count in range(1, len(names) + 1):
        for chosen in itertools.combinations(names, count):
            yield replace(places, **dict.fromkeys(chosen, True))


def places_hint(
    plan: Plan, board: Board, places: Places, over: dict[str, int] | None = None
) -> str:
    """Which `--place` has room, with its bytes; empty where none has.

    `over` are the bytes by which a memory (`flash`, `RAM`) is short once code is counted too.
    """
    before = {need.memory: need.size for need in plan_needs(plan, board, places)}
    for possible in possible_places(plan, board, places):
        needs = plan_needs(plan, board, possible)
        short = over or {}
        freed = {n.memory: before.get(n.memory, 0) - n.size for n in needs}
        if any(n.lacking for n in needs) or any(freed[m] < n for m, n in short.items()):
            continue
        uses = " and ".join(
            f"{n.size:,} bytes into {n.memory} of {n.have:,}"
            for n in needs
            if n.memory.startswith("external")
        )
        return f"{possible} has room for that: it puts {uses}"
    return ""


def refuse_too_large(plan: Plan, board: Board, places: Places = INTERNAL) -> None:
    """Raise DoesNotFitError when what is known before the build exceeds the board's memories."""
    problems = [
        f"{need.what} {'needs' if ' ' not in need.what else 'need'} {need.size:,} bytes of "
        f"{need.memory}, {board.name} has {need.have:,}, {need.lacking:,} too few"
        for need in plan_needs(plan, board, places)
        if need.lacking
    ]
    if problems:
        shortage = "; ".join(problems)
        raise DoesNotFitError(
            f"{plan.name} does not fit: {shortage}; {way_out(places_hint(plan, board, places))}.",
            shortage,
        )


def way_out(hint: str) -> str:
    """What to do when a model does not fit: the places that `hint` names, or another board."""
    other = "a smaller model or a board with more memory (`qmcu boards` lists them)"
    return f"{hint}; or take {other}" if hint else f"take {other}"

"""What of a build lies in memories outside the chip: weights, arena, state."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from qmcu.board import READY_DRIVERS, Board
from qmcu.compile.plan import Constant, ConstantArgument, Plan
from qmcu.errors import BoardError, UsageError

# What has fewer bytes stays in the chip's own flash, which is faster.
SMALLEST = 1024
_ROLES = ("weights", "data")
_WHERE = ("internal", "external")


@dataclass(frozen=True)
class Places:
    """Whether weights (to external flash), arena and state (to external RAM) lie outside."""

    weights: bool = False
    arena: bool = False
    state: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of external memory that are used."""
        used = {"flash": self.weights, "ram": self.arena or self.state}
        return tuple(kind for kind, wanted in used.items() if wanted)

    def __str__(self) -> str:
        outside = (f.name for f in fields(self) if getattr(self, f.name))
        return " ".join(f"--place {name}=external" for name in outside)


INTERNAL = Places()


def parse_places(texts: Sequence[str]) -> Places:
    """The places of texts such as `weights=external`. Raises UsageError that says what there is."""
    places = INTERNAL
    names = tuple(f.name for f in fields(Places))
    for text in texts:
        what, _, where = text.partition("=")
        if what not in names or where not in _WHERE:
            raise UsageError(
                f"--place {text} is not WHAT=WHERE; WHAT is {', '.join(names)}, WHERE "
                f"{' or '.join(_WHERE)}."
            )
        places = replace(places, **{what: where == "external"})
    return places


def is_movable(constant: Constant) -> bool:
    """Whether a constant lies in external flash when weights do."""
    return constant.role in _ROLES and constant.size >= SMALLEST


def check_places(plan: Plan, board: Board, places: Places) -> None:
    """Raise BoardError when the board has no such memory, UsageError when it would be empty."""
    have = {memory.kind for memory in board.external}
    for kind, name in (("flash", "flash"), ("ram", "RAM")):
        if kind in places.kinds and kind not in have:
            raise BoardError(
                f"{board.name} has no external {name}, which {places} needs; leave it out, or take "
                "a board that has (`qmcu boards` lists them)."
            )
    if places.weights and not any(map(is_movable, _constants(plan))):
        raise UsageError(
            f"{plan.name} has no weights of {SMALLEST:,} bytes or more, and smaller ones stay in "
            "the chip; leave out --place weights=external."
        )
    if places.state and not plan.states:
        raise UsageError(f"{plan.name} keeps no state; leave out --place state=external.")


def _constants(plan: Plan) -> list[Constant]:
    return [
        argument.constant
        for call in plan.calls
        for argument in call.all_arguments
        if isinstance(argument, ConstantArgument) and argument.constant is not None
    ]


def board_of_build(board: Board, places: Places) -> Board:
    """The board with the external memories alone that the build uses, and what emulates those."""
    used = tuple(memory for memory in board.external if memory.kind in places.kinds)
    if all(memory.driver in READY_DRIVERS for memory in used):
        return replace(board, external=used)
    return replace(board, external=used, qemu=None, renode=None)

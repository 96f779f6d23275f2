"""What fetching code from flash costs where no cache has it: facts of chip families, with sources.

The ports set the wait states that are here. Nothing is known of how much of a model's code a cache
holds, so that an estimate is a range: all of it, and nothing.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from qmcu.board import Board


@dataclass(frozen=True)
class FlashWaits:
    """`states` cycles that each fetch of `line` bytes waits for; `cache` stands before the flash.

    `source` says where that is written.
    """

    states: int
    line: int
    cache: str
    source: str

    def __str__(self) -> str:
        return (
            f"{self.states} wait states for {self.line} bytes of flash, {self.cache} "
            f"({self.source})"
        )


_LINE = 16  # bytes, where a family's is not here
NO_WAITS = FlashWaits(0, _LINE, "no cache", "memory without wait states")
FAMILIES: Mapping[str, FlashWaits] = {
    "stm32f4": FlashWaits(
        5, 16, "behind 64 lines of code and 8 of data in the ART accelerator",
        "RM0090 3.5.1 and 3.5.2, RM0390 3.4.1 and 3.4.2",
    ),
    "stm32f7": FlashWaits(
        7, 32, "behind the core's caches, or 64 lines in the ART accelerator",
        "RM0385 3.3.2 and 3.3.3, RM0410 3.3.2 and 3.3.3",
    ),
}  # fmt: skip


def waits_of(board: Board, states: int | None = None) -> FlashWaits:
    """Those of the board's family, or `states` of them; none where nothing is known."""
    known = FAMILIES.get(board.family, NO_WAITS)
    if states is None or states == known.states:
        return known
    return FlashWaits(states, known.line, known.cache, "as given by --wait-states")


def lines_fetched(blocks: Mapping[tuple[int, int], Counter[int]], line: int) -> int:
    """How many lines of code were fetched, those not again that the block before ended in.

    `blocks` are as `estimate_cycles` has them.
    """
    fetched = 0
    for (address, size), follow in blocks.items():
        end = address + size
        fetched += sum(follow.values()) * ((end - 1) // line - address // line + 1)
        if end % line:
            fetched -= follow[end]
    return fetched

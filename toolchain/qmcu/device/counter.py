"""Counting by blocks of instructions: how many ran, and which block followed which."""

from collections import Counter
from typing import Any


class BlockCounter:
    """What an emulator's hook on blocks counts.

    `instructions` grows while the hook is in place, and `paused` is not set, as during an
    exception's handler. `blocks` maps each block (first address, size in bytes) to how often each
    next one's address followed it.
    """

    def __init__(self) -> None:
        self.instructions = 0
        self.paused = False
        self.blocks: dict[tuple[int, int], Counter[int]] = {}
        self._block = (0, 0)

    def hook(self) -> Any:
        """A function for the emulator to call at each block; it counts from nothing."""
        lengths: dict[int, int] = {}
        self.blocks = {}
        follow: Counter[int] = Counter()

        def block(emulator: Any, address: int, size: int, data: Any) -> None:
            nonlocal follow
            if self.paused:
                return
            self._block = (address, size)
            key = address << 16 | size
            follow[address] += 1
            follow = self.blocks.setdefault((address, size), Counter())
            try:
                self.instructions += lengths[key]
            except KeyError:
                lengths[key] = count_instructions(bytes(emulator.mem_read(address, size)))
                self.instructions += lengths[key]

        return block

    def resume_at(self, emulator: Any, pc: int) -> None:
        """Take back what the present block counts from `pc` on: it runs, and counts, once more."""
        start, size = self._block
        left = start + size - pc
        if 0 < left <= size:
            self.instructions -= count_instructions(bytes(emulator.mem_read(pc, left)))


def count_instructions(code: bytes) -> int:
    """Number of Thumb instructions: a halfword from 0xE800 on starts one of four bytes."""
    count = at = 0
    while at < len(code):
        at += 4 if code[at + 1] >= 0xE8 else 2
        count += 1
    return count

"""Cycles of executed instructions, estimated by documented timings. Not a measurement.

Cortex-M4: Arm Cortex-M4 Technical Reference Manual (DDI 0439), "Instruction set summary" and "Load
and store timings", with zero wait states: arithmetic 1, multiplies 1, loads 2 of which a load or
store right behind another takes 1, STR with an immediate offset 1, LDM and STM 1 + N, a taken
branch 1 + P with P taken as 2 (1 to 3 documented), divisions 2 to 12 taken as 7.

Cortex-M7: Arm documents two issue slots, which the estimate fills with adjacent independent
instructions, at most one of them a multiply, a branch or a double access; loads take one cycle and
predicted branches none beyond their slot. Arm publishes no table, so this is the coarser estimate.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import capstone
from capstone import arm as capstone_arm

from qmcu.benchmark.flash_waits import NO_WAITS, FlashWaits, lines_fetched
from qmcu.types import Count

Blocks = Mapping[tuple[int, int], Counter[int]]
CORES = ("cortex-m4", "cortex-m7")

_REFILL = 2
_DIVISION = 7
_MULTIPLIES = ("mul", "mla", "mls", "sml", "smm", "smu", "umu", "uml", "uma")
_MULTIPLE = ("ldm", "stm", "push", "pop", "vldm", "vstm", "vpush", "vpop")
_DOUBLE = ("ldrd", "strd")
_BRANCHES = ("b", "bl", "bx", "blx", "cbz", "cbnz", "tbb", "tbh")


@dataclass(frozen=True)
class CycleEstimate:
    """Estimated cycles of one inference on `core`, and the instructions that they are for.

    `most` is with flash whose wait states every fetch of code waits for, where these are known,
    else as `cycles`.
    """

    core: str
    cycles: Count
    instructions: Count
    most: Count = 0

    def __str__(self) -> str:
        return f"about {self.cycles:,} cycles (estimated for {self.core}, no wait states)"


@dataclass(frozen=True)
class _Instruction:
    """What timing depends on: the mnemonic's family, registers, and how many words it moves."""

    family: str  # plain, multiply, division, load, store, double, multiple, branch
    words: int
    reads: frozenset[int]
    writes: frozenset[int]
    address: frozenset[int]
    loads_pc: bool
    immediate: bool


def estimate_cycles(
    blocks: Blocks, code: Mapping[int, bytes], core: str, waits: FlashWaits = NO_WAITS
) -> CycleEstimate:
    """Estimate the cycles of executed basic blocks, of code in flash that makes it wait.

    `blocks` maps (address, size in bytes) of each block to how often every next address followed
    it; `code` maps block addresses to their bytes. Raises ValueError for another core.
    """
    if core not in CORES:
        raise ValueError(f"there are no timings for {core}")
    time = _m4_cycles if core == "cortex-m4" else _m7_cycles
    cycles = instructions = 0
    for (address, size), follow in blocks.items():
        listing = _disassemble(code[address], address)
        count = sum(follow.values())
        taken = count - follow[address + size]
        cycles += count * time(listing)
        if core == "cortex-m4" and listing and _leaves(listing[-1]):
            cycles += taken * _REFILL
        instructions += count * len(listing)
    most = cycles + waits.states * lines_fetched(blocks, waits.line)
    return CycleEstimate(core, cycles, instructions, most)


def _leaves(instruction: _Instruction) -> bool:
    return instruction.family == "branch" or instruction.loads_pc


@cache
def _engine() -> Any:
    engine = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
    engine.detail = True
    engine.skipdata = True  # what capstone does not know counts as one plain instruction
    return engine


@cache
def _disassemble(code: bytes, address: int) -> tuple[_Instruction, ...]:
    return tuple(_instruction(i) for i in _engine().disasm(code, address))


def _instruction(raw: Any) -> _Instruction:
    if raw.id == 0:
        return _Instruction("plain", 0, frozenset(), frozenset(), frozenset(), False, False)
    name = raw.mnemonic.split(".")[0]
    read, written = raw.regs_access()
    operands = raw.operands
    address: set[int] = set()
    immediate = True
    for operand in operands:
        if operand.type == capstone_arm.ARM_OP_MEM:
            address = {r for r in (operand.mem.base, operand.mem.index) if r}
            immediate = operand.mem.index == 0
    family, words = _family(name, operands, raw)
    return _Instruction(
        family=family,
        words=words,
        reads=frozenset(read),
        writes=frozenset(written),
        address=frozenset(address),
        loads_pc=family in ("load", "multiple") and capstone_arm.ARM_REG_PC in written,
        immediate=immediate,
    )


def _family(name: str, operands: Sequence[Any], raw: Any) -> tuple[str, int]:
    registers = sum(1 for o in operands if o.type == capstone_arm.ARM_OP_REG)
    if name.startswith(_MULTIPLE):
        pointer = 0 if name in ("push", "pop", "vpush", "vpop", "push.w", "pop.w") else 1
        return "multiple", registers - pointer
    if name.startswith(_DOUBLE):
        return "double", 2
    if name.startswith(("ldr", "vldr")):
        return "load", 1
    if name.startswith(("str", "vstr")):
        return "store", 1
    if name.startswith(("sdiv", "udiv")):
        return "division", 0
    if name.startswith(_MULTIPLIES):
        return "multiply", 0
    if capstone_arm.ARM_GRP_JUMP in raw.groups or name in _BRANCHES:
        return "branch", 0
    return "plain", 0


def _m4_cycles(listing: Sequence[_Instruction]) -> int:
    total = 0
    before: _Instruction | None = None
    for one in listing:
        total += _m4_cost(one, before)
        before = one
    return total


def _m4_cost(one: _Instruction, before: _Instruction | None) -> int:
    if one.family in ("multiple", "double"):
        return 1 + one.words
    if one.family == "division":
        return _DIVISION
    if one.family == "store" and one.immediate:
        return 1
    if one.family in ("load", "store"):
        behind = before is not None and before.family in ("load", "store")
        # The address phase overlaps unless the address comes from that very load.
        if behind and before is not None and not (before.writes & one.address):
            return 1
        return 2
    return 1


def _m7_cycles(listing: Sequence[_Instruction]) -> int:
    cycles = at = 0
    while at < len(listing):
        one = listing[at]
        cycles += _m7_cost(one)
        at += 1
        if at < len(listing) and _pairs(one, listing[at]):
            at += 1
    return cycles


def _m7_cost(one: _Instruction) -> int:
    if one.family in ("multiple", "double"):
        return max(1, -(-one.words // 2))  # the memories are 64 bits wide
    return _DIVISION if one.family == "division" else 1


def _pairs(first: _Instruction, second: _Instruction) -> bool:
    alone = ("multiple", "double", "division")
    if first.family in alone or second.family in alone or first.family == "branch":
        return False
    if first.family == second.family and first.family in ("multiply", "store"):
        return False
    return not first.writes & (second.reads | second.writes | second.address)

"""Cycle estimates against sequences counted by hand with Arm's tables."""

from collections import Counter

import pytest

from qmcu.benchmark.cycles import estimate_cycles
from qmcu.benchmark.flash_waits import FlashWaits, lines_fetched, waits_of
from qmcu.board import load_board


def estimate(code: str, follow: dict[int, int], core: str = "cortex-m4") -> tuple[int, int]:
    """Cycles and instructions of one block at 0x100 that is followed as `follow` says."""
    data = bytes.fromhex(code)
    found = estimate_cycles({(0x100, len(data)): Counter(follow)}, {0x100: data}, core)
    return found.cycles, found.instructions


def test_arithmetic_takes_a_cycle_each() -> None:
    # adds r0, r1, r2; muls r0, r1; nop: 3 cycles, executed twice
    assert estimate("8818484300bf", {0x106: 2}) == (6, 6)


def test_a_second_load_overlaps_the_first() -> None:
    # ldr r0, [r1]; ldr r2, [r3]: 2 + 1
    assert estimate("08681a68", {0x104: 1}) == (3, 2)


def test_a_load_from_a_loaded_address_does_not_overlap() -> None:
    # ldr r0, [r1]; ldr r2, [r0]: 2 + 2
    assert estimate("08680268", {0x104: 1}) == (4, 2)


def test_multiple_loads_take_one_more_than_their_registers() -> None:
    # ldmia r0!, {r1, r2, r3}: 4; push {r4, lr}: 3
    assert estimate("0ec810b5", {0x104: 1}) == (7, 2)


def test_a_taken_branch_refills_the_pipeline() -> None:
    # bne: 1, and 2 more the 9 times it is taken out of 10
    assert estimate("fed1", {0x100: 9, 0x102: 1}) == (10 + 18, 10)


def test_the_m7_issues_two_independent_instructions() -> None:
    # adds r0, r1, r2; adds r3, r4, r5 pair; adds r0, r0, r2 after adds r0 does not
    assert estimate("88186319", {0x104: 1}, "cortex-m7") == (1, 2)
    assert estimate("88188018", {0x104: 1}, "cortex-m7") == (2, 2)


def test_there_are_no_timings_for_other_cores() -> None:
    with pytest.raises(ValueError, match="no timings for cortex-m0"):
        estimate_cycles({}, {}, "cortex-m0")


def test_every_line_of_code_that_is_fetched_anew_waits() -> None:
    # 6 bytes from 0x10C: two lines of 16; 0x112 follows once in the line they end in, 0x10C once.
    blocks = {(0x10C, 6): Counter({0x112: 1, 0x10C: 1}), (0x112, 2): Counter({0x120: 1})}
    assert lines_fetched(blocks, 16) == 2 * 2 + 1 - 1
    code = {0x10C: bytes.fromhex("8818484300bf"), 0x112: bytes.fromhex("00bf")}
    waits = FlashWaits(5, 16, "no cache", "a test")
    found = estimate_cycles(blocks, code, "cortex-m4", waits)
    assert (found.cycles, found.most) == (3 + 3 + 1, 7 + 5 * 4)
    assert estimate_cycles(blocks, code, "cortex-m4").most == 7


def test_wait_states_are_the_familys_unless_others_are_given() -> None:
    f4, mps = load_board("stm32f407"), load_board("mps2-an386")
    assert (waits_of(f4).states, waits_of(f4, 3).states, waits_of(mps).states) == (5, 3, 0)
    assert "RM0090" in str(waits_of(f4)) and "--wait-states" in str(waits_of(f4, 3))
    assert waits_of(mps, 2).states == 2

"""Crash records in words."""

import dataclasses

import pytest

from qmcu.device.faults import describe_fault
from qmcu.device.messages import Fault

QUIET = Fault(
    cause=3, pc=0x100, lr=0x201, sp=0x20000100, xpsr=0, cfsr=0, hfsr=0, mmfar=0, bfar=0x30000000
)


def words(**changes: int) -> str:
    names = {0x100: "0x00000100 in inner", 0x200: "0x00000200 in outer"}
    fault = dataclasses.replace(QUIET, **changes)
    return describe_fault(fault, lambda address: names.get(address, f"0x{address:08x}"))


def test_place_and_caller_are_named() -> None:
    text = words()
    assert text == "hard fault at 0x00000100 in inner after a call near 0x00000200 in outer"


@pytest.mark.parametrize(
    ("bit", "text"),
    [(1, "forbidden address"), (9, "where nothing is"), (16, "undefined instruction"),
     (19, "FPU"), (20, "stack overflow"), (24, "unaligned"), (25, "division by zero")],
)  # fmt: skip
def test_status_bits_become_words(bit: int, text: str) -> None:
    assert text in words(cfsr=1 << bit)
    assert text not in words(cfsr=0)


def test_addresses_are_told_only_when_valid() -> None:
    assert "0x30000000" in words(cfsr=1 << 9 | 1 << 15)
    assert "0x30000000" not in words(cfsr=1 << 9)
    assert "0x00000040" in words(cfsr=1 << 1 | 1 << 7, mmfar=0x40)


def test_a_stack_overflow_has_no_place_but_a_stack_pointer() -> None:
    text = words(cause=0x100, pc=0, lr=0, sp=0x1FFFFF00, cfsr=1 << 17)
    assert text == "stack overflow with the stack pointer at 0x1fffff00"


def test_an_exception_return_is_no_caller() -> None:
    assert "after a call" not in words(lr=0xFFFFFFF9)
    assert words(cause=11).startswith("exception 11 ")

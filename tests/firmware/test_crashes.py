"""A crash is reported with its cause, address and function, never as a time-out."""

import pytest
from tests.support.fixtures import Builder
from tests.support.lookup_plan import SIZE

from qmcu.device.targets import open_session
from qmcu.errors import GuestFault
from qmcu.firmware import Firmware

BAD_WRITE = "*(volatile int *)0x3F000000u = 1"
BAD_JUMP = "((void (*)(void))0x3F000001u)()"
UNDEFINED = '__asm volatile("udf #0")'
OVERFLOW = "volatile char big[8192]; for (int i = 8191; i >= 0; --i) { big[i] = 1; } (void)big[0]"
TARGETS = [
    ("stm32f746", "unicorn"),
    ("rpi-pico", "unicorn"),
    ("mps2-an386", "qemu"),
    ("mps3-an547", "qemu"),
]


@pytest.mark.parametrize(("board", "target"), TARGETS)
@pytest.mark.parametrize(
    ("crash", "words"),
    [
        (BAD_WRITE, ("0x3f000000", "l00_lookup")),
        (BAD_JUMP, ("0x3f000000",)),
        (UNDEFINED, ("undefined instruction", "l00_lookup")),
        (OVERFLOW, ("stack overflow",)),
    ],
    ids=["write", "jump", "undefined", "overflow"],
)
def test_the_fault_names_cause_and_place(
    firmware: Builder, board: str, target: str, crash: str, words: tuple[str, ...]
) -> None:
    with open_session(target, Firmware.load(firmware(board, crash)), timeout_s=10) as session:
        with pytest.raises(GuestFault) as caught:
            session.infer([bytes(SIZE)])
        for word in words:
            assert word in str(caught.value)

"""A crash record in words: cause, address, function."""

from collections.abc import Callable

from qmcu.device.messages import Fault, Guard

STACK_OVERFLOW, STACK_SMASHED, STOPPED, FLASH_CHANGED = 0x100, 0x101, 0x102, 0x103

_CAUSES = {
    2: "non-maskable interrupt",
    3: "hard fault",
    4: "memory management fault",
    5: "bus fault",
    6: "usage fault",
    STACK_OVERFLOW: "stack overflow",
    STACK_SMASHED: "a function wrote over its stack",
    FLASH_CHANGED: "the image in flash changed while it ran",
}

# Bits of the Configurable Fault Status Register, from the Armv7-M and Armv8-M manuals.
_CFSR_BITS = {
    0: "instruction fetch from a place that is not executable",
    1: "data access to a forbidden address",
    3: "forbidden address while leaving an exception",
    4: "stack out of its memory while entering an exception",
    5: "forbidden address while saving floating-point registers",
    8: "instruction fetch from an address where nothing is",
    9: "access to an address where nothing is",
    10: "late bus error",
    11: "bus error while leaving an exception",
    12: "stack out of its memory while entering an exception",
    13: "bus error while saving floating-point registers",
    16: "undefined instruction",
    17: "switch to Arm state, probably a call through a wrong pointer",
    18: "wrong exception return",
    19: "coprocessor or FPU used while it is off",
    20: "stack overflow",
    24: "unaligned access",
    25: "division by zero",
}
_EXCEPTION_RETURN = 0xFF000000
_MMFAR_VALID = 1 << 7
_BFAR_VALID = 1 << 15


def describe_fault(fault: Fault, place: Callable[[int], str]) -> str:
    """One clause such as `bus fault at 0x08000abc in qmcu_add: access to an address where
    nothing is, address 0x60000000`; `place` turns a code address into words."""
    if fault.cause == STOPPED:
        return f"it was reset in layer {fault.lr} of an inference, by its watchdog or from outside"
    reasons = [text for bit, text in _CFSR_BITS.items() if fault.cfsr >> bit & 1]
    if fault.cfsr & _BFAR_VALID:
        reasons.append(f"address 0x{fault.bfar:08x}")
    elif fault.cfsr & _MMFAR_VALID:
        reasons.append(f"address 0x{fault.mmfar:08x}")
    if fault.hfsr & 2:
        reasons.append("the vector table could not be read")
    words = [_CAUSES.get(fault.cause, f"exception {fault.cause}")]
    # When entering the exception failed, there are no registers to tell the place.
    if fault.pc:
        words.append(f"at {place(fault.pc)}")
    if fault.cause == FLASH_CHANGED:
        return words[0]
    caller = place(fault.lr & ~1)
    if fault.pc and fault.lr < _EXCEPTION_RETURN and " in " in caller:
        words.append(f"after a call near {caller}")
    if fault.cause == STACK_OVERFLOW:
        # The status bits tell what the overflow led to, not what was wrong.
        return " ".join([*words, f"with the stack pointer at 0x{fault.sp:08x}"])
    return " ".join(words) + (f": {', '.join(reasons)}" if reasons else "")


def describe_guard(guard: Guard, place: Callable[[int], str]) -> str:
    """What a release says of its own protection, in one clause."""
    checked = "not sealed, so not checked at boot"
    if guard.sealed:
        checked = "damaged: it infers nothing" if guard.damaged else "image right at boot"
    words = [checked]
    words.append(f"{guard.regions} regions of memory protected" if guard.regions else "no MPU")
    watchdog = f"watchdog {guard.watchdog_ms / 1000:g} s" if guard.watchdog_ms else "no watchdog"
    words.append(watchdog)
    if guard.resets and guard.fault is not None:
        times = "once" if guard.resets == 1 else f"{guard.resets} times"
        words.append(
            f"reset {times} since power came, at last: {describe_fault(guard.fault, place)}"
        )
    return ", ".join(words)

"""The in-process emulator: the unmodified ELF on Unicorn, with the board's memories and UART."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import unicorn
from unicorn import arm_const

from qmcu.device.boot import boot
from qmcu.device.counter import BlockCounter
from qmcu.device.families import FAMILIES, RegisterPage, with_external
from qmcu.device.image import Image
from qmcu.device.interrupts import interrupted_after
from qmcu.device.link import CountUnit
from qmcu.device.peripherals import Block, CoreBlock
from qmcu.device.uarts import UARTS, UartPage
from qmcu.errors import DeviceError, GuestFault

# Unicorn's own type hints are incomplete.
uc: Any = unicorn
arm: Any = arm_const

_CPU_MODELS = {
    "cortex-m0": arm.UC_CPU_ARM_CORTEX_M0,
    # The same instructions as M0.
    "cortex-m0plus": arm.UC_CPU_ARM_CORTEX_M0,
    "cortex-m3": arm.UC_CPU_ARM_CORTEX_M3,
    "cortex-m4": arm.UC_CPU_ARM_CORTEX_M4,
    "cortex-m7": arm.UC_CPU_ARM_CORTEX_M7,
    "cortex-m33": arm.UC_CPU_ARM_CORTEX_M33,
}
_PAGE = 0x1000
_CORE_BASE = 0xE0000000
_NEVER = 0xFFFFFFFE
# Between slices Python looks at the clock and at Ctrl-C.
_SLICE_S = 0.2
# What has run once without counting may take this many times longer with it.
_COUNTING_PATIENCE = 20
_GUARD = 0x10000
_SYSTICK_EXCEPTION = 15
# What the core pushes when it takes an exception.
_EXCEPTION_FRAME = 32

_ACCESS = {
    uc.UC_MEM_READ_UNMAPPED: ("read of", "where nothing is"),
    uc.UC_MEM_WRITE_UNMAPPED: ("write to", "where nothing is"),
    uc.UC_MEM_FETCH_UNMAPPED: ("jump to", "where nothing is"),
    uc.UC_MEM_READ_PROT: ("read of", "which cannot be read"),
    uc.UC_MEM_WRITE_PROT: ("write to", "which is read-only"),
    uc.UC_MEM_FETCH_PROT: ("jump to", "which is not executable"),
}
_INTERRUPTS = {1: "undefined instruction", 2: "SVC instruction", 7: "BKPT instruction"}


@dataclass(frozen=True)
class Region:
    """A memory: first address and size in bytes."""

    origin: int
    size: int

    @property
    def end(self) -> int:
        """The address after the last byte."""
        return self.origin + self.size


@dataclass(frozen=True)
class Machine:
    """What the emulation must know of a board.

    `vectors` is the address of the vector table, `uart` the driver's name in the board file,
    `external` the drivers of its external memories, which are among `flash` and `ram`.
    """

    core: str
    family: str
    flash: tuple[Region, ...]
    ram: tuple[Region, ...]
    vectors: int
    uart: str
    uart_base: int
    external: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Memory:
    """The emulator's memory, as a UART with DMA sees it."""

    emulator: Any

    def read(self, address: int, size: int) -> bytes:
        return bytes(self.emulator.mem_read(address, size))

    def write(self, address: int, data: bytes) -> None:
        self.emulator.mem_write(address, data)


class UnicornLink:
    """A link to an image that runs in this process.

    Deterministic: it runs only inside `read`, until it polls an empty receive queue.
    """

    def __init__(self, image: Image, machine: Machine, limit_s: float = 60.0) -> None:
        """Load and reset. `limit_s` bounds the seconds that the firmware runs without a word.

        Raises DeviceError when the core cannot be emulated or the image is not in memory.
        """
        self.name = f"unicorn {uc.__version__}"
        self._image = image
        self._machine = machine
        self._limit_s = limit_s
        self._silent_s = 0.0
        self._failure: GuestFault | None = None
        self._idle = False
        self._hook: Any = None
        self.counter = BlockCounter()
        self.uart = UARTS[machine.uart](self._wait)
        self._emulator = _emulator(machine)
        self.uart.memory = _Memory(self._emulator)
        self._core = CoreBlock(
            machine.core,
            lambda: self.counter.instructions,
            self._asked_for_reset,
            self._emulator.emu_stop,
        )
        self._load()
        self._install()
        # A release that lost its way resets itself, and goes on; any other has crashed.
        self._resets = "qmcu_kept" in image.symbols
        self._reset_asked = False
        self._boot()

    def _boot(self) -> None:
        """Everything that is in memory stays, as in RAM at a reset."""
        self._reset_asked = False
        start = boot(self._machine.family, self._machine.vectors, self._emulator.mem_read)
        for address, data in start.copies:
            self._emulator.mem_write(address, data)
        self._stack_top = start.stack_top
        self._emulator.reg_write(arm.UC_ARM_REG_SP, start.sp)
        self._emulator.reg_write(arm.UC_ARM_REG_LR, start.lr)
        self._pc = start.pc | 1

    def write(self, data: bytes) -> None:
        """Queue `data` for the firmware's UART."""
        self.check()
        self.uart.put(data)
        self._idle = False
        self._silent_s = 0.0

    def read(self, timeout_s: float) -> bytes:
        """Run the firmware until it waits for input; what it sent, or empty."""
        deadline = time.monotonic() + timeout_s * self._patience
        while not self.uart.sent and not self._idle and time.monotonic() < deadline:
            self._run()
        sent = bytes(self.uart.sent)
        self.uart.sent.clear()
        if sent:
            self._silent_s = 0.0
        else:
            self.check()
        return sent

    def check(self) -> None:
        """Raise GuestFault if the firmware crashed."""
        if self._failure is not None:
            raise self._failure

    def counting(self, wanted: bool) -> None:
        """Count executed instructions, at a thirtieth of the speed, or stop doing so."""
        if wanted == (self._hook is not None):
            return
        # Translated code has its hooks built in, so it is translated anew.
        if wanted:
            self._hook = self._emulator.hook_add(uc.UC_HOOK_BLOCK, self.counter.hook())
        else:
            self._emulator.hook_del(self._hook)
            self._hook = None
        self._emulator.ctl_flush_tb()

    def count_unit(self, counter: int, clock_hz: int) -> CountUnit:
        """Executed instructions: the emulated CYCCNT or SysTick counts them in a profile."""
        if counter not in (1, 2):
            return CountUnit("", f"{self.name} counts only through DWT CYCCNT or SysTick")
        return CountUnit("instructions", f"counted by {self.name}, exact")

    def function_at(self, address: int) -> str:
        """The function of the image at `address`."""
        return self._image.function_at(address)

    def close(self) -> None:
        """Forget the emulator; the rest is done by its finalizer."""
        self._failure = self._failure or GuestFault(f"{self.name} was closed.")

    def _load(self) -> None:
        machine, emulator = self._machine, self._emulator
        for region in machine.flash:
            emulator.mem_map(region.origin, region.size, uc.UC_PROT_READ | uc.UC_PROT_EXEC)
        for region in machine.ram:
            emulator.mem_map(region.origin, region.size, uc.UC_PROT_ALL)
        for segment in self._image.segments:
            end = segment.address + len(segment.data)
            if not any(r.origin <= segment.address and end <= r.end for r in machine.flash):
                raise DeviceError(
                    f"{self._image.path} loads {len(segment.data)} bytes at "
                    f"0x{segment.address:08x}, outside the board's flash; it is of another board."
                )
            emulator.mem_write(segment.address, segment.data)

    def _install(self) -> None:
        machine, emulator = self._machine, self._emulator
        family = FAMILIES.get(machine.family)
        if family is None:
            raise DeviceError(f"{self.name} has no model of the {machine.family} peripherals.")
        family = with_external(machine.family, family, machine.external)
        uart_page = machine.uart_base & -_PAGE
        for page in sorted({*family.pages, uart_page}):
            block: Block = RegisterPage(page, family)
            if page == uart_page:
                block = UartPage(self.uart, machine.uart_base - page, block)
            _map(emulator, page, _PAGE, block)
        _map(emulator, _CORE_BASE, CoreBlock.SIZE, self._core)
        emulator.hook_add(uc.UC_HOOK_MEM_INVALID, self._bad_access)
        emulator.hook_add(uc.UC_HOOK_INTR, self._interrupt)

    def _run(self) -> None:
        self.check()
        started = time.monotonic()
        waiting = self.uart.waiting
        # A slice ends at any instruction, which then runs again: the UART allows for that, an
        # exact count would not.
        limit_s = self._limit_s * self._patience
        slice_s = _SLICE_S if self._hook is None else limit_s
        with _stopped_after(self._emulator.emu_stop, slice_s):
            try:
                self._emulator.emu_start(self._pc, _NEVER)
            except uc.UcError as error:
                self._fail(self._describe(error))
        self._pc = self._emulator.reg_read(arm.UC_ARM_REG_PC) | 1
        if self._reset_asked:
            self._boot()
        self._take_exceptions()
        if self.uart.waiting != waiting:
            self._silent_s = 0.0
        self._silent_s += time.monotonic() - started
        if self.uart.sent and self._image.hard_float and not self._core.fpu_enabled:
            self._fail("it was compiled for the FPU but never switched the FPU on (CPACR)")
        if self._silent_s >= limit_s and not self.uart.sent and not self._idle:
            self._fail(
                f"no answer after {self._silent_s:.0f} s of running; it was at "
                f"{self._image.place(self._pc & ~1)}"
            )

    @property
    def _patience(self) -> int:
        return 1 if self._hook is None else _COUNTING_PATIENCE

    def _take_exceptions(self) -> None:
        """Run SysTick's handler as often as it is due, at the instruction that read SysTick."""
        due = self._core.exceptions_due
        if not due or self._failure is not None:
            return
        emulator, table = self._emulator, self._core.vector_table
        handler = int.from_bytes(emulator.mem_read(table + 4 * _SYSTICK_EXCEPTION, 4), "little")
        context = emulator.context_save()
        # A run ends at its last address only where that was not translated as any other place.
        here = self._pc & ~1
        emulator.ctl_remove_cache(here, here + 2)
        self.counter.paused = True
        try:
            for _ in range(due):
                sp = emulator.reg_read(arm.UC_ARM_REG_SP)
                emulator.reg_write(arm.UC_ARM_REG_SP, (sp & ~7) - _EXCEPTION_FRAME)
                emulator.reg_write(arm.UC_ARM_REG_LR, self._pc)
                emulator.emu_start(handler | 1, here)
                emulator.context_restore(context)
        except uc.UcError as error:
            self._fail(self._describe(error))
        self.counter.paused = False
        self._core.exceptions_taken(due)
        if self._hook is not None:
            self.counter.resume_at(emulator, here)

    def _fail(self, reason: str) -> None:
        if self._failure is None:
            self._failure = GuestFault(f"the firmware crashed: {reason}.")

    def _wait(self) -> None:
        self._idle = True
        self._emulator.emu_stop()

    def _asked_for_reset(self) -> None:
        if self._resets:
            self._reset_asked = True
        else:
            self._fail(f"it asked for a reset at {self._here()}")
        self._emulator.emu_stop()

    def _here(self) -> str:
        return self._image.place(self._emulator.reg_read(arm.UC_ARM_REG_PC) & ~1)

    def _describe(self, error: Any) -> str:
        if error.errno == uc.UC_ERR_INSN_INVALID:
            return f"undefined instruction at {self._here()}"
        return f"{error} at {self._here()}"

    def _bad_access(
        self, emulator: Any, access: int, address: int, size: int, value: int, data: Any
    ) -> bool:
        what, why = _ACCESS.get(access, ("access to", "which is forbidden"))
        fetch = access in (uc.UC_MEM_FETCH_UNMAPPED, uc.UC_MEM_FETCH_PROT)
        lr = emulator.reg_read(arm.UC_ARM_REG_LR) & ~1
        where = f"after a call near {self._image.place(lr)}" if fetch else f"at {self._here()}"
        if not fetch and self._below_stack(address):
            self._fail(f"stack overflow {where}: {what} 0x{address:08x}, below the stack's memory")
        else:
            self._fail(f"{what} 0x{address:08x}, {why}, {where}")
        return False

    def _below_stack(self, address: int) -> bool:
        region = next((r for r in self._machine.ram if r.origin < self._stack_top <= r.end), None)
        if region is None or not region.origin - _GUARD <= address < region.origin:
            return False
        sp = self._emulator.reg_read(arm.UC_ARM_REG_SP)
        return bool(sp < region.origin + _GUARD)

    def _interrupt(self, emulator: Any, number: int, data: Any) -> None:
        what = _INTERRUPTS.get(number, f"exception {number}")
        self._fail(f"{what} at {self._here()}")
        emulator.emu_stop()


def _emulator(machine: Machine) -> Any:
    model = _CPU_MODELS.get(machine.core)
    if model is None:
        raise DeviceError(
            f"unicorn cannot emulate {machine.core}; it can {', '.join(sorted(_CPU_MODELS))}."
        )
    # Without UC_MODE_MCLASS, which would silently replace the model by a Cortex-M33.
    emulator = uc.Uc(uc.UC_ARCH_ARM, uc.UC_MODE_THUMB)
    emulator.ctl_set_cpu_model(model)
    return emulator


@contextmanager
def _stopped_after(stop: Callable[[], None], seconds: float) -> Iterator[None]:
    """Call `stop` after `seconds` or at Ctrl-C, which is raised again when the block ends.

    Unicorn's own time-out resumes at a wrong place.
    """
    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        with interrupted_after(stop):
            yield
    finally:
        timer.cancel()


def _map(emulator: Any, address: int, size: int, block: Block) -> None:
    read, write = block.read, block.write
    emulator.mmio_map(
        address,
        size,
        lambda _uc, offset, width, _data: read(offset, width),
        None,
        lambda _uc, offset, width, value, _data: write(offset, width, value),
        None,
    )

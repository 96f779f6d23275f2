"""What a board is, as plain data."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qmcu.board.fields import CMSIS_NAME, PLAIN_NAME, SECTION_NAME, Table, pin_numbers

CPUS = (
    "cortex-m0", "cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33",
    "cortex-m55", "cortex-m85",
)  # fmt: skip
# Name to version of the register layout.
UART_DRIVERS = {
    "stm32-usart-v1": 1, "stm32-usart-v2": 2, "cmsdk": 1, "nrf-uart": 1, "nrf-uarte": 1,
    "kinetis-uart": 1, "pl011": 1, "renesas-sci-b": 1, "imxrt-lpuart": 1,
}  # fmt: skip
COUNTERS = ("dwt", "systick")
# Driver of an external memory to its kind.
EXTERNAL_DRIVERS = {
    "stm32-fmc-sdram": "ram", "stm32-quadspi-n25q": "flash", "ready-ram": "ram",
    "ready-flash": "flash",
}  # fmt: skip
# Of memories that nothing has to start; a board's emulators have them too.
READY_DRIVERS = ("ready-ram", "ready-flash")
DEFAULT_STACK = 4096


@dataclass(frozen=True)
class Core:
    """The processor core: GCC's names for -mcpu and -mfpu (None: no FPU).

    `compile_for` is another -mcpu with the same instructions, for compilers too old to know `cpu`.
    """

    cpu: str
    fpu: str | None = None
    compile_for: str | None = None

    @property
    def has_dsp(self) -> bool:
        """True when the core has the DSP extension (SMLAD and the like)."""
        return self.cpu in ("cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55", "cortex-m85")

    @property
    def has_mve(self) -> bool:
        """True when the core has the M-profile vector extension."""
        return self.cpu in ("cortex-m55", "cortex-m85")

    @property
    def flags(self) -> tuple[str, ...]:
        """The compiler options that select the core."""
        abi = ("-mfloat-abi=hard", f"-mfpu={self.fpu}") if self.fpu else ("-mfloat-abi=soft",)
        return (f"-mcpu={self.compile_for or self.cpu}", "-mthumb", *abi)


@dataclass(frozen=True)
class Memory:
    """A memory: first address and size in bytes; `kind` is flash or ram."""

    name: str
    kind: str
    start: int
    size: int

    @property
    def end(self) -> int:
        """The address after the last byte."""
        return self.start + self.size


@dataclass(frozen=True)
class ExternalMemory:
    """A memory outside the chip, for what a build places there: first address, size in bytes.

    `kind` is flash or ram, `driver` one of EXTERNAL_DRIVERS, which the port's C code knows how to
    start; `settings` are its macros, `pins` names of pins with their alternate function. `writers`
    are the flashing tools that can write it, each with its argument.
    """

    kind: str
    start: int
    size: int
    driver: str
    settings: Mapping[str, int] = field(default_factory=dict)
    pins: Mapping[str, int] = field(default_factory=dict)
    writers: Mapping[str, str] = field(default_factory=dict)

    @property
    def end(self) -> int:
        """The address after the last byte."""
        return self.start + self.size

    @property
    def region(self) -> str:
        """Its name in linker script and reports."""
        return f"external_{self.kind}"

    @property
    def macros(self) -> tuple[tuple[str, str], ...]:
        """Names and values for board.h, in a stable order."""
        prefix = f"QMCU_EXTERNAL_{self.kind.upper()}"
        places = [(*pin_numbers(pin), function) for pin, function in self.pins.items()]
        pins = ", ".join(f"{{{port}, {pin}, {function}}}" for port, pin, function in places)
        return (
            (f"{prefix}_START", f"0x{self.start:08X}u"),
            (f"{prefix}_SIZE", f"0x{self.size:X}u"),
            *((f"{prefix}_{name}", f"{value}u") for name, value in self.settings.items()),
            (f"{prefix}_PINS", f"{{{pins}}}"),
        )


@dataclass(frozen=True)
class Uart:
    """The UART that speaks the protocol; pins such as PA9, None where there are none to set."""

    name: str
    driver: str
    base: int
    baud: int
    tx: str | None = None
    rx: str | None = None
    alternate_function: int = 0
    settings: Mapping[str, int] = field(default_factory=dict)

    @property
    def version(self) -> int:
        """Version of the register layout."""
        return UART_DRIVERS[self.driver]


@dataclass(frozen=True)
class SerialPort:
    """The UART as a computer sees it: `usb` ids (`vendor:product`, four lower-case hex digits
    each) of the adapter that it hangs on, and the fastest rate in bit/s to try on it."""

    usb: tuple[str, ...] = ()
    fastest: int = 921_600


@dataclass(frozen=True)
class Board:
    """A board as its file describes it.

    `settings` of port and UART are facts that only the port's C code understands; they become
    macros. `sections` are the parts of the image that have a fixed place: offset in flash of
    each. `unicorn` tells whether the image runs in the in-process emulator, `qemu` names
    QEMU's machine, `renode` a platform file of renode/, `not_emulated` says why nothing runs it.
    `serial` is how a computer finds the board's UART. `flashing` holds the tools in order of
    preference and their arguments, `export` what the board is called elsewhere. `external` are
    memories outside the chip: all that the board has, in the board of a build those that it uses.
    """

    name: str
    title: str
    chip: str
    core: Core
    flash: Memory
    ram: Memory
    family: str
    clock_hz: int
    counter: str
    uart: Uart
    stack_size: int = DEFAULT_STACK
    port_settings: Mapping[str, int] = field(default_factory=dict)
    sections: Mapping[str, int] = field(default_factory=lambda: {"vectors": 0})
    unicorn: bool = False
    qemu: str | None = None
    renode: str | None = None
    not_emulated: str | None = None
    serial: SerialPort = SerialPort()
    flashing: Mapping[str, Any] = field(default_factory=dict)
    export: Mapping[str, Any] = field(default_factory=dict)
    external: tuple[ExternalMemory, ...] = ()

    @property
    def external_flash(self) -> ExternalMemory | None:
        """The flash outside the chip, if there is one."""
        return next((m for m in self.external if m.kind == "flash"), None)

    @property
    def external_ram(self) -> ExternalMemory | None:
        """The RAM outside the chip, if there is one."""
        return next((m for m in self.external if m.kind == "ram"), None)

    @property
    def emulators(self) -> tuple[str, ...]:
        """The names of the emulators that run this board's image."""
        there = {"unicorn": self.unicorn, "qemu": self.qemu, "renode": self.renode}
        return tuple(name for name, runs in there.items() if runs)

    @property
    def fixed_sections(self) -> tuple[tuple[str, int], ...]:
        """Name and address of every section that has its place in flash, by address."""
        places = sorted(self.sections.items(), key=lambda item: item[1])
        return tuple((name, self.flash.start + offset) for name, offset in places)

    @property
    def vectors(self) -> int:
        """Address of the vector table."""
        return self.flash.start + self.sections["vectors"]

    @property
    def macros(self) -> tuple[tuple[str, str], ...]:
        """Names and values for board.h, in a stable order."""
        uart = self.uart
        values = {
            "QMCU_BOARD_NAME": f'"{self.name}"',
            "QMCU_CORE_HAS_FPU": str(int(self.core.fpu is not None)),
            "QMCU_CLOCK_HZ": f"{self.clock_hz}u",
            "QMCU_COUNTER_IS_SYSTICK": str(int(self.counter == "systick")),
            **{f"QMCU_{name}": f"{value}u" for name, value in self.port_settings.items()},
            "QMCU_UART_VERSION": str(uart.version),
            "QMCU_UART_BASE": f"0x{uart.base:08X}u",
            "QMCU_UART_BAUD": f"{uart.baud}u",
            **{f"QMCU_UART_{name}": f"{value}u" for name, value in uart.settings.items()},
        }
        for role, pin in (("TX", uart.tx), ("RX", uart.rx)):
            if pin is not None:
                port, number = pin_numbers(pin)
                values[f"QMCU_UART_{role}_PORT"] = f"{port}u"
                values[f"QMCU_UART_{role}_PIN"] = f"{number}u"
        if uart.tx is not None:
            values["QMCU_UART_AF"] = f"{uart.alternate_function}u"
        for memory in self.external:
            values |= dict(memory.macros)
        return tuple(values.items())

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.title}, {self.core.cpu}, {self.flash.size // 1024} KiB flash, "
            f"{self.ram.size // 1024} KiB RAM"
        )


def board_from_table(table: Table) -> Board:
    """The board that a TOML file describes. Raises BoardError naming file and key."""
    core, port, uart = table.table("core"), table.table("port"), table.table("uart")
    emulators = table.table("emulators", optional=True)
    serial = table.table("serial", optional=True)
    memories = [_memory(m) for m in table.tables("memory")]
    inside = [m for m in memories if isinstance(m, Memory)]
    board = Board(
        name=table.text("name"),
        title=table.text("title"),
        chip=table.text("chip"),
        core=Core(
            core.choice("cpu", CPUS),
            core.optional_text("fpu"),
            core.optional_text("compile_for"),
        ),
        flash=_only(table, inside, "flash"),
        ram=_only(table, inside, "ram"),
        family=port.text("family"),
        clock_hz=port.integer("clock_hz", 1, 2_000_000_000),
        counter=port.choice("counter", COUNTERS),
        uart=_uart(uart),
        stack_size=table.integer("stack_size", 256, 1 << 20, default=DEFAULT_STACK),
        port_settings=port.integers("settings"),
        sections={"vectors": 0, **table.integers("sections", names=SECTION_NAME)},
        unicorn=emulators.boolean("unicorn"),
        qemu=emulators.optional_text("qemu"),
        renode=emulators.optional_text("renode"),
        not_emulated=emulators.optional_text("none"),
        serial=SerialPort(
            serial.usb_ids("usb"), serial.integer("fastest", 1200, 20_000_000, default=921_600)
        ),
        flashing=table.free("flashing"),
        export=export_names(table.table("export", optional=True)),
        external=tuple(
            sorted((m for m in memories if isinstance(m, ExternalMemory)), key=lambda m: m.kind)
        ),
    )
    for part in (core, port, uart, emulators, serial, table):
        part.refuse_unknown_keys()
    _check_sections(table, board)
    _check_memories(table, board)
    if bool(board.emulators) == bool(board.not_emulated):
        raise emulators.error("none", "says why nothing runs the image; give it, or an emulator")
    return board


def export_names(export: Table) -> dict[str, Any]:
    """What the board is called elsewhere: in PlatformIO, Zephyr and CMSIS packs."""
    names: dict[str, Any] = {}
    pio = export.optional_table("platformio")
    if pio is not None:
        names["platformio"] = {
            "platform": pio.optional_text("platform", PLAIN_NAME) or "ststm32",
            "board": pio.text("board", PLAIN_NAME),
        }
        pio.refuse_unknown_keys()
    for key, pattern in (
        ("zephyr", f"{PLAIN_NAME}(?:/{PLAIN_NAME}){{0,4}}"),
        ("cmsis_device", CMSIS_NAME),
        ("cmsis_pack", CMSIS_NAME),
    ):
        value = export.optional_text(key, pattern)
        if value is not None:
            names[key] = value
    export.refuse_unknown_keys()
    return names


def _check_sections(table: Table, board: Board) -> None:
    places: dict[int, str] = {}
    for name, offset in board.sections.items():
        if offset >= board.flash.size:
            raise table.error(f"sections.{name}", f"is 0x{offset:X}, beyond the flash")
        if offset in places:
            raise table.error(f"sections.{name}", f"is where {places[offset]} is; move one")
        places[offset] = name


def _check_memories(table: Table, board: Board) -> None:
    for kind in ("flash", "ram"):
        if sum(m.kind == kind for m in board.external) > 1:
            raise table.error("memory", f"has several external memories of kind {kind}; 1 is used")
    everywhere = sorted(
        [(m.start, m.end) for m in (board.flash, board.ram)]
        + [(m.start, m.end) for m in board.external]
    )
    for (_, end), (start, _) in itertools.pairwise(everywhere):
        if start < end:
            raise table.error("memory", f"has two memories that both hold 0x{start:08X}")


def _memory(table: Table) -> Memory | ExternalMemory:
    name = table.text("name")
    kind = table.choice("kind", ("flash", "ram"))
    start = table.integer("start", 0, 0xFFFF_FFFF)
    size = table.integer("size", 1024, 1 << 31)
    found: Memory | ExternalMemory
    if table.boolean("external"):
        drivers = tuple(d for d, of in EXTERNAL_DRIVERS.items() if of == kind)
        found = ExternalMemory(
            kind, start, size, table.choice("driver", drivers), table.integers("settings"),
            _pins(table), _writers(table),
        )  # fmt: skip
        # One region of the core's memory protection covers it.
        if size & (size - 1) or start % size:
            raise table.error("size", "is no power of two, or start no multiple of it")
    else:
        found = Memory(name, kind, start, size)
    table.refuse_unknown_keys()
    return found


def _pins(table: Table) -> dict[str, int]:
    """Pins by their alternate function, AF0 to AF15, as pins with that function."""
    functions = table.table("pins", optional=True)
    found: dict[str, int] = {}
    for function in range(16):
        for pin in functions.texts(f"AF{function}"):
            try:
                pin_numbers(pin)
            except ValueError:
                raise functions.error(f"AF{function}", f"has {pin!r}, no pin such as PA9") from None
            found[pin] = function
    functions.refuse_unknown_keys()
    return found


def _writers(table: Table) -> dict[str, str]:
    """Which flashing tools write the memory; every value is a text."""
    writers = table.table("writers", optional=True)
    known = ("openocd", "STM32_Programmer_CLI")
    found = {name: writers.optional_text(name) for name in known}
    writers.refuse_unknown_keys()
    return {name: text for name, text in found.items() if text is not None}


def _only(table: Table, memories: list[Memory], kind: str) -> Memory:
    of_kind = [m for m in memories if m.kind == kind]
    if len(of_kind) != 1:
        raise table.error(
            "memory", f"has {len(of_kind)} memories of kind {kind}, exactly 1 is needed"
        )
    return of_kind[0]


def _uart(table: Table) -> Uart:
    return Uart(
        name=table.text("name"),
        driver=table.choice("driver", tuple(UART_DRIVERS)),
        base=table.integer("base", 0, 0xFFFF_FFFF),
        baud=table.integer("baud", 1200, 20_000_000),
        tx=table.pin("tx"),
        rx=table.pin("rx"),
        alternate_function=table.integer("alternate_function", 0, 15, default=0),
        settings=table.integers("settings"),
    )

"""What the firmware touches of each chip family beside UART and core: clocks, power, pins.

Registers remember what was written; those that firmware waits for follow what enables them.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Ready:
    """Bits `mask` written to the register at `source` appear, shifted left, at `target`."""

    source: int
    mask: int
    target: int
    shift: int


# From the stored value of any register of the page to what another one shows.
Computed = Callable[[Callable[[int], int]], int]


@dataclass(frozen=True)
class Registers:
    """What a chip family has beside the UART: pages, reset values, ready bits (addresses).

    `computed` are registers that the chip makes from others, in ways that `ready` cannot say.
    """

    pages: tuple[int, ...]
    reset: Mapping[int, int]
    ready: tuple[Ready, ...] = ()
    computed: Mapping[int, Computed] = field(default_factory=dict)


_F4_RCC, _F4_PWR = 0x40023800, 0x40007000
_L4_RCC, _L4_PWR = 0x40021000, 0x40007000
_H7_RCC, _H7_PWR = 0x58024400, 0x58024800
_U5_RCC, _U5_PWR = 0x46020C00, 0x46020800
_N6_RCC = 0x56028000
_RT_PLL = 0x400D8000
_NRF_HFCLK, _NRF_RNG = 0x40000000, 0x4000D000
_NRF_FICR, _NRF_UICR = 0x10000100, 0x10001000
_MCG = 0x40064000
_RA = 0x4001E000

_IWDG, _IWDG1, _NRF_WDT = 0x40003000, 0x58004000, 0x40010000

_F_PAGES = (_IWDG, 0x40007000, 0x40020000, 0x40021000, 0x40022000, 0x40023000, 0x50060000)
_F_CLOCK = (
    Ready(_F4_RCC, 1 << 0 | 1 << 16 | 1 << 24 | 1 << 26, _F4_RCC, 1),
    Ready(_F4_RCC + 0x08, 0b11, _F4_RCC + 0x08, 2),
)


def _rng(address: int) -> dict[int, Computed]:
    """An STM32's generator: ready while it is enabled. What comes of it is never the same."""
    return {
        address + 0x04: lambda value: value(address) >> 2 & 1,
        address + 0x08: lambda value: secrets.randbits(32),
    }


def _trng() -> dict[int, Computed]:
    """RP2350's: valid while the source is enabled."""
    words = {0x400F0114 + 4 * i: lambda value: secrets.randbits(32) for i in range(6)}
    return {0x400F0104: lambda value: value(0x400F012C) & 1, **words}


def _rp(
    pages: tuple[int, ...],
    clocks: int,
    resets: int,
    all_resets: int,
    xosc: int,
    pll: int,
    random: Mapping[int, Computed],
) -> Registers:
    """RP2040 and RP2350: resets, clocks' choices, crystal and PLL, all of the same layout."""

    def locked(value: Callable[[int], int]) -> int:
        """PLL CS: LOCK unless PWR holds PLL or VCO powered down."""
        return value(pll) & 0x13F | (0 if value(pll + 0x04) & (1 << 5 | 1) else 1 << 31)

    return Registers(
        (clocks, resets, xosc, pll, *pages),
        {resets: all_resets, pll: 1, pll + 0x04: 0x2D, pll + 0x0C: 0x77000},
        computed={
            resets + 0x08: lambda value: ~value(resets) & all_resets,
            clocks + 0x38: lambda value: 1 << (value(clocks + 0x30) & 3),
            clocks + 0x44: lambda value: 1 << (value(clocks + 0x3C) & 1),
            # XOSC STATUS: STABLE when CTRL holds the enabling word.
            xosc + 0x04: lambda value: 1 << 31 if value(xosc) >> 12 == 0xFAB else 0,
            pll: locked,
            **random,
        },
    )


def _imxrt_pll(value: Callable[[int], int]) -> int:
    """PLL_ARM: LOCK when it is enabled and has power."""
    word = value(_RT_PLL) & ~(1 << 31)
    return word | (1 << 31 if word & (1 << 13 | 1 << 12) == 1 << 13 else 0)


def _u5_voltage(value: Callable[[int], int]) -> int:
    """PWR VOSR: BOOSTRDY follows BOOSTEN where PLL1 has a source; the voltage is always ready."""
    word = value(_U5_PWR + 0x0C)
    boosted = word >> 18 & 1 and value(_U5_RCC + 0x28) & 3
    return word & ~(1 << 14) | 1 << 15 | (1 << 14 if boosted else 0)


def _mcg_word(value: Callable[[int], int]) -> int:
    """MCG C5, C6, S, SC: S shows clock source, reference, oscillator, and the PLL with its lock."""
    control, word = value(_MCG), value(_MCG + 0x04)
    source, pll = control >> 6 & 3, word >> 14 & 1
    shown = (3 if pll else 0) if source == 0 else source
    status = shown << 2 | (control >> 2 & 1) << 4 | 1 << 1 | pll << 5 | pll << 6
    return word & 0xFF00FFFF | status << 16


def _ra_oscillators(value: Callable[[int], int]) -> int:
    """The word of OSCSF: crystal and PLL are stable unless MOSCCR and PLLCR hold them stopped."""
    crystal = not value(_RA + 0x30) >> 16 & 1
    pll = not value(_RA + 0x28) >> 16 & 1
    return crystal << 3 | pll << 5


def _ra_peripheral_clocks(value: Callable[[int], int]) -> int:
    """The word of SCICKDIVCR and SCICKCR: CKSRDY follows CKSREQ."""
    word = value(_RA + 0x54)
    return word & ~(1 << 15) | (word >> 14 & 1) << 15


FAMILIES = {
    "stm32f4": Registers(
        _F_PAGES,
        {_F4_RCC: 0x83, _F4_RCC + 0x04: 0x2400_3010, _F4_PWR + 0x04: 1 << 14},
        (
            *_F_CLOCK,
            Ready(_F4_PWR, 1 << 16 | 1 << 17, _F4_PWR + 0x04, 0),
        ),
        _rng(0x50060800),
    ),
    "stm32f7": Registers(
        _F_PAGES,
        {_F4_RCC: 0x83, _F4_RCC + 0x04: 0x2400_3010, _F4_PWR: 0xC000, _F4_PWR + 0x04: 1 << 14},
        (
            *_F_CLOCK,
            Ready(_F4_PWR, 1 << 16 | 1 << 17, _F4_PWR + 0x04, 0),
        ),
        _rng(0x50060800),
    ),
    "stm32l4": Registers(
        (_IWDG, 0x40007000, 0x40021000, 0x40022000, 0x48000000, 0x48001000, 0x48002000, 0x50060000),
        {_L4_RCC: 0x63, _L4_PWR: 0x200},
        (
            Ready(_L4_RCC + 0x98, 1, _L4_RCC + 0x98, 1),
            Ready(_L4_RCC, 1 << 0 | 1 << 16 | 1 << 24 | 1 << 26, _L4_RCC, 1),
            Ready(_L4_RCC, 1 << 8, _L4_RCC, 2),
            Ready(_L4_RCC + 0x08, 0b11, _L4_RCC + 0x08, 2),
        ),
        _rng(0x50060800),
    ),
    "stm32h7": Registers(
        (
            0x48021000,
            0x52002000,
            0x58000000,
            _IWDG1,
            0x58020000,
            0x58021000,
            0x58022000,
            0x58024000,
        ),
        {_H7_RCC: 0x25, _H7_PWR + 0x04: 1 << 13, _H7_PWR + 0x18: 1 << 13},
        (
            Ready(_H7_RCC, 1 << 0, _H7_RCC, 2),
            Ready(_H7_RCC, 1 << 7 | 1 << 12 | 1 << 16, _H7_RCC, 1),
            Ready(_H7_RCC, 1 << 24 | 1 << 26 | 1 << 28, _H7_RCC, 1),
            Ready(_H7_RCC + 0x10, 0b111, _H7_RCC + 0x10, 3),
        ),
        _rng(0x48021800),
    ),
    "stm32g4": Registers(
        (_IWDG, 0x40007000, 0x40021000, 0x40022000, 0x48000000, 0x48001000, 0x50060000),
        {_L4_RCC: 0x500, _L4_PWR: 0x200, _L4_PWR + 0x80: 0x100},
        (
            Ready(_L4_RCC + 0x98, 1, _L4_RCC + 0x98, 1),
            Ready(_L4_RCC, 1 << 16 | 1 << 24, _L4_RCC, 1),
            Ready(_L4_RCC, 1 << 8, _L4_RCC, 2),
            Ready(_L4_RCC + 0x08, 0b11, _L4_RCC + 0x08, 2),
        ),
        _rng(0x50060800),
    ),
    # FICR (PART; variant and revision 3), UICR (erased), CLOCK, RNG, WDT, NVMC, GPIO.
    "nrf52": Registers(
        (0x10000000, 0x10001000, 0x40000000, _NRF_RNG, _NRF_WDT, 0x4001E000, 0x50000000),
        {
            _NRF_FICR: 0x52840,
            _NRF_FICR + 0x30: 8,
            _NRF_FICR + 0x34: 3,
            _NRF_UICR + 0x208: 0xFFFF_FFFF,
        },
        (Ready(_NRF_HFCLK, 1, _NRF_HFCLK + 0x100, 0),),
        # EVENTS_VALRDY and VALUE: the one thing that is not the same in each run.
        {_NRF_RNG + 0x100: lambda value: 1, _NRF_RNG + 0x508: lambda value: secrets.randbits(8)},
    ),
    # SIM, PORTA and PORTB, watchdog, MCG, oscillator.
    "k64": Registers(
        (0x40047000, 0x40048000, 0x40049000, 0x4004A000, 0x40052000, _MCG, 0x40065000),
        {_MCG: 0x0004, 0x40052000: 0x0001_01D3},
        computed={_MCG + 0x04: _mcg_word},
    ),
    # SRAM and flash cache control, system, module stop, pins.
    "ra8": Registers(
        (0x40002000, 0x4001C000, _RA, 0x40203000, 0x40400000),
        {_RA + 0x24: 1 << 16, _RA + 0x28: 1 << 16, _RA + 0x30: 1 << 16, 0x40203004: 0xFFFF_FFFF},
        computed={
            0x4001C104: lambda value: 0,  # invalidation is done at once
            _RA + 0x3C: _ra_oscillators,
            _RA + 0x54: _ra_peripheral_clocks,
        },
    ),
    # Pins, power-on state machine, watchdog, flash interface; of the RP2350 also its ticks.
    "rp2040": _rp(
        (0x40014000, 0x4001C000, 0x40010000, 0x40058000, 0x40060000, 0x18000000),
        0x40008000,
        0x4000C000,
        0x01FF_FFFF,
        0x40024000,
        0x40028000,
        {0x4006001C: lambda value: secrets.randbits(1)},
    ),
    "rp2350": _rp(
        (0x40028000, 0x40038000, 0x40018000, 0x400D8000, 0x400F0000, 0x40108000),
        0x40010000,
        0x40020000,
        0x1FFF_FFFF,
        0x40048000,
        0x40050000,
        _trng(),
    ),
    # Watchdog, flash, instruction cache, GPIOA to GPIOH, power and clocks.
    "stm32u5": Registers(
        (_IWDG, 0x40022000, 0x40030000, 0x42020000, 0x42021000, 0x420C0000, 0x46020000),
        {_U5_RCC: 0x35, _U5_PWR + 0x0C: 0x8000},
        (
            Ready(_U5_RCC, 1 << 0 | 1 << 8 | 1 << 12 | 1 << 16 | 1 << 24, _U5_RCC, 1),
            Ready(_U5_RCC + 0x1C, 0b11, _U5_RCC + 0x1C, 2),
        ),
        computed={_U5_PWR + 0x0C: _u5_voltage, **_rng(0x420C0800)},
    ),
    # Watchdog, GPIOE, clocks; what the boot ROM left: PLL1 with bypass, and core and buses on it.
    "stm32n6": Registers(
        (0x56004000, 0x56021000, _N6_RCC),
        {_N6_RCC: 0x108, _N6_RCC + 0x20: 0x3300_0000 | 0x33_0000, _N6_RCC + 0x80: 0x0880_0000},
        (
            Ready(_N6_RCC, 1 << 3 | 1 << 4 | 1 << 8, _N6_RCC + 0x04, 0),
            Ready(_N6_RCC + 0x20, 3 << 24 | 3 << 16, _N6_RCC + 0x20, 4),
        ),
    ),
    # DCDC (settled), watchdog, PLL1, IOMUXC, clocks; what the boot ROM left: PLL1 at 792 MHz.
    "imxrt1060": Registers(
        (0x40080000, 0x400B8000, _RT_PLL, 0x401F8000, 0x400FC000),
        {0x40080000: 1 << 31, _RT_PLL: 1 << 13 | 66, 0x400FC014: 0xA8200, 0x400FC018: 0x2DAE8324},
        computed={_RT_PLL: _imxrt_pll},
    ),
    # FICR (PART; nothing to trim), UICR (erased), cache, clocks, debug port, watchdog, GPIO.
    "nrf53": Registers(
        (0xFF0000, 0xFF8000, 0x50001000, 0x50005000, 0x50006000, 0x50018000, 0x50842000),
        {
            0xFF020C: 0x5340,
            **{0xFF0300 + 4 * i: 0xFFFF_FFFF for i in range(64)},
            0xFF8000: 0xFFFF_FFFF,
            0xFF801C: 0xFFFF_FFFF,
            0x50005558: 1,
        },
        (Ready(0x50005000, 1, 0x50005100, 0),),
    ),
}


# By chip family and driver of external memory: the controller's page and what it shows. QUADSPI's
# SR always says that transfers are complete, none is under way, and there is room for data.
_QUADSPI_SR = 0b110
_EXTERNAL = {
    ("stm32f7", "stm32-fmc-sdram"): Registers((0xA0000000,), {0xA0000000: 0x30DB}),
    ("stm32f7", "stm32-quadspi-n25q"): Registers(
        (0xA0001000,), {}, computed={0xA0001008: lambda value: _QUADSPI_SR}
    ),
}


def with_external(name: str, family: Registers, drivers: Iterable[str]) -> Registers:
    """The registers of a family (and its name) with those of controllers of external memories."""
    for driver in drivers:
        more = _EXTERNAL.get((name, driver))
        if more is not None:
            family = Registers(
                (*family.pages, *more.pages), {**family.reset, **more.reset}, family.ready,
                {**family.computed, **more.computed},
            )  # fmt: skip
    return family


class RegisterPage:
    """Registers that remember what was written, with the family's ready bits."""

    def __init__(self, address: int, family: Registers) -> None:
        self._address = address
        self._values = dict(family.reset)
        self._ready = family.ready
        self._computed = family.computed

    def read(self, offset: int, size: int) -> int:
        """The stored value with ready bits following their enable bits."""
        address = self._address + (offset & ~3)
        value = self._values.get(address, 0)
        if address in self._computed:
            return self._computed[address](lambda at: self._values.get(at, 0)) >> 8 * (offset & 3)
        for rule in self._ready:
            if rule.target == address:
                value &= ~(rule.mask << rule.shift)
                value |= (self._values.get(rule.source, 0) & rule.mask) << rule.shift
        return value >> 8 * (offset & 3)

    def write(self, offset: int, size: int, value: int) -> None:
        """Store a value of `size` bytes."""
        address, low = self._address + (offset & ~3), 8 * (offset & 3)
        mask = (1 << 8 * size) - 1 << low
        self._values[address] = self._values.get(address, 0) & ~mask | value << low & mask

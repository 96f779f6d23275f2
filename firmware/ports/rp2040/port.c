/* RP2040 (RP2040 datasheet): 125 MHz from the crystal; if that fails, the ring oscillator, whose
 * frequency nobody knows (about 6 MHz). */
#include "registers.h"

#include "boot2.h"
#include "pl011.h"
#include "uart_port.h"
#if QMCU_RELEASE
#include "guard.h"
#endif

#define CLOCKS 0x40008000u
#define CLK_REF_CTRL (CLOCKS + 0x30)
#define CLK_REF_SELECTED (CLOCKS + 0x38)
#define CLK_SYS_CTRL (CLOCKS + 0x3C)
#define CLK_SYS_SELECTED (CLOCKS + 0x44)
#define CLK_PERI_CTRL (CLOCKS + 0x48)
#define RESETS 0x4000C000u
#define RESETS_DONE (RESETS + 0x08)
#define IO_BANK0 0x40014000u
#define PADS_BANK0 0x4001C000u
#define XOSC 0x40024000u
#define XOSC_STATUS (XOSC + 0x04)
#define XOSC_STARTUP (XOSC + 0x0C)
#define PLL_SYS 0x40028000u
#define PLL_PWR (PLL_SYS + 0x04)
#define PLL_FBDIV (PLL_SYS + 0x08)
#define PLL_PRIM (PLL_SYS + 0x0C)
#define PSM_WDSEL 0x40010008u
#define WATCHDOG 0x40058000u
#define WATCHDOG_LOAD (WATCHDOG + 0x04)
#define WATCHDOG_TICK (WATCHDOG + 0x2C)
#define RING_HZ 6000000u

/* Resets (2.14.3). */
#define RESET_IO_BANK0 (1u << 5)
#define RESET_PADS_BANK0 (1u << 8)
#define RESET_PLL_SYS (1u << 12)
#define RESET_UART0 (1u << 22)

static void release(uint32_t blocks)
{
    QMCU_REGISTER(RESETS) &= ~blocks;
    qmcu_wait(RESETS_DONE, blocks, blocks);
}

/* 2.16: 12 MHz range, about 1 ms to start. */
static bool start_crystal(void)
{
    QMCU_REGISTER(XOSC_STARTUP) = QMCU_XTAL_HZ / 256000u;
    QMCU_REGISTER(XOSC) = (0xFABu << 12) | 0xAA0u;
    return qmcu_wait(XOSC_STATUS, 1u << 31, 1u << 31);
}

/* 2.18: crystal times FBDIV, 750 to 1600 MHz, over two dividers. */
static bool start_pll(void)
{
    release(RESET_PLL_SYS);
    QMCU_REGISTER(PLL_SYS) = 1; /* REFDIV */
    QMCU_REGISTER(PLL_FBDIV) = QMCU_PLL_MULTIPLY;
    QMCU_REGISTER(PLL_PWR) &= ~((1u << 5) | 1u); /* VCOPD, PD */
    if (!qmcu_wait(PLL_SYS, 1u << 31, 1u << 31)) {
        return false;
    }
    QMCU_REGISTER(PLL_PRIM) = (QMCU_PLL_DIVIDE_1 << 16) | (QMCU_PLL_DIVIDE_2 << 12);
    QMCU_REGISTER(PLL_PWR) &= ~(1u << 3); /* POSTDIVPD */
    return true;
}

/* 2.15: clk_ref from the crystal; clk_sys from clk_ref, then from its other input, the PLL. */
static uint32_t start_clocks(void)
{
    if (!start_crystal()) {
        return RING_HZ;
    }
    QMCU_REGISTER(CLK_SYS_CTRL) = 0;
    qmcu_wait(CLK_SYS_SELECTED, 1, 1);
    QMCU_REGISTER(CLK_REF_CTRL) = 2;
    if (!qmcu_wait(CLK_REF_SELECTED, 1u << 2, 1u << 2)) {
        return RING_HZ;
    }
    if (!start_pll()) {
        return QMCU_XTAL_HZ;
    }
    QMCU_REGISTER(CLK_SYS_CTRL) = 1; /* AUXSRC 0: PLL_SYS */
    if (!qmcu_wait(CLK_SYS_SELECTED, 1u << 1, 1u << 1)) {
        return QMCU_XTAL_HZ;
    }
    return QMCU_XTAL_HZ * QMCU_PLL_MULTIPLY / (QMCU_PLL_DIVIDE_1 * QMCU_PLL_DIVIDE_2);
}

static void connect(uint32_t pin)
{
    QMCU_REGISTER(IO_BANK0 + 8u * pin + 4u) = QMCU_UART_AF;
    QMCU_REGISTER(PADS_BANK0 + 4u + 4u * pin) = 0x56; /* its reset value: input on, 4 mA */
}

void qmcu_port_init(void)
{
    qmcu_core_hz = start_clocks();
    QMCU_REGISTER(CLK_PERI_CTRL) = 1u << 11; /* ENABLE; AUXSRC 0: clk_sys */
    release(RESET_IO_BANK0 | RESET_PADS_BANK0 | RESET_UART0);
    qmcu_uart_init(QMCU_UART_BASE, qmcu_core_hz, QMCU_UART_BAUD);
    connect(QMCU_UART_TX_PIN);
    connect(QMCU_UART_RX_PIN);
    qmcu_counter_init();
}

#if QMCU_RELEASE
/* 4.7: ticks of 1 us from the crystal; by erratum E1 the counter of 24 bits loses two a tick. */
#define WATCHDOG_TICKS 16000000u

uint32_t qmcu_port_watchdog_start(void)
{
    QMCU_REGISTER(WATCHDOG) = 0;
    QMCU_REGISTER(WATCHDOG_TICK) = (1u << 9) | (QMCU_XTAL_HZ / 1000000u);
    QMCU_REGISTER(PSM_WDSEL) = 0x1FFFCu; /* all but the oscillators */
    QMCU_REGISTER(WATCHDOG_LOAD) = WATCHDOG_TICKS;
    QMCU_REGISTER(WATCHDOG) = (1u << 30) | (7u << 24); /* ENABLE; pauses while debugged */
    return WATCHDOG_TICKS / 2000u;
}

void qmcu_port_watchdog_feed(void)
{
    QMCU_REGISTER(WATCHDOG_LOAD) = WATCHDOG_TICKS;
}
#endif

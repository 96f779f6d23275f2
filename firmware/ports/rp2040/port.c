/* RP2040 (RP2040 datasheet): 125 MHz from the crystal; if that fails, the ring oscillator, whose
 * frequency nobody knows (about 6 MHz). */
#include "registers.h"

#define QMCU_RP_CLOCKS 0x40008000u
#define QMCU_RP_RESETS 0x4000C000u
#define QMCU_RP_IO_BANK0 0x40014000u
#define QMCU_RP_PADS_BANK0 0x4001C000u
#define QMCU_RP_XOSC 0x40024000u
#define QMCU_RP_PLL_SYS 0x40028000u
#define QMCU_RP_RING_HZ 6000000u
/* Resets (2.14.3): PLL_SYS; IO_BANK0, PADS_BANK0 and UART0. */
#define QMCU_RP_RESET_PLL_SYS (1u << 12)
#define QMCU_RP_RESET_PERIPHERALS ((1u << 5) | (1u << 8) | (1u << 22))

#include "boot2.h"
#include "pl011.h"
#include "rp2_port.h"
#include "uart_port.h"
#if QMCU_RELEASE
#include "guard.h"
#endif
#ifdef QMCU_ACCESS
#include "access.h"
#endif

#define PSM_WDSEL 0x40010008u
#define WATCHDOG 0x40058000u
#define ROSC_RANDOMBIT 0x4006001Cu
#define WATCHDOG_LOAD (WATCHDOG + 0x04)
#define WATCHDOG_TICK (WATCHDOG + 0x2C)

void qmcu_port_init(void)
{
    qmcu_core_hz = start_clocks();
    start_peripherals();
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

#ifdef QMCU_ACCESS
/* The level of the ring oscillator, which runs on beside the crystal, when it is read (2.17.5). It is
 * a weak source: the datasheet asks nobody to build keys on it, reads that are near in time depend on
 * each other, and its bias is not known. So there is a pause before each read, of pairs the first
 * counts where they differ (von Neumann), and the bits are stirred into what else is known. */
static uint32_t ring_bit(void)
{
    for (volatile uint32_t left = 32; left > 0; --left) {
    }
    return QMCU_REGISTER(ROSC_RANDOMBIT) & 1u;
}

/* A pair in two counts where bits are even; one in sixteen is too few. */
bool qmcu_port_random(uint8_t *data, uint32_t size)
{
    const uint32_t bits = 8u * size;
    uint32_t found = 0;
    for (uint32_t pairs = 16u * bits; pairs > 0 && found < bits; --pairs) {
        const uint32_t first = ring_bit();
        if (first != ring_bit()) {
            data[found / 8] = (uint8_t)(data[found / 8] << 1 | first);
            ++found;
        }
    }
    return found == bits;
}
#endif

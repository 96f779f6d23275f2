/* RP2350 (RP2350 datasheet) with an Arm core: 150 MHz from the crystal; if that fails, the ring
 * oscillator, whose frequency nobody knows (about 11 MHz). The boot ROM has set flash up. */
#include "registers.h"

#define QMCU_RP_CLOCKS 0x40010000u
#define QMCU_RP_RESETS 0x40020000u
#define QMCU_RP_IO_BANK0 0x40028000u
#define QMCU_RP_PADS_BANK0 0x40038000u
#define QMCU_RP_XOSC 0x40048000u
#define QMCU_RP_PLL_SYS 0x40050000u
#define QMCU_RP_RING_HZ 11000000u
/* Resets (7.5): PLL_SYS; IO_BANK0, PADS_BANK0 and UART0. */
#define QMCU_RP_RESET_PLL_SYS (1u << 14)
#define QMCU_RP_RESET_PERIPHERALS ((1u << 6) | (1u << 9) | (1u << 26))

#include "pl011.h"
#include "rp2_port.h"
#include "uart_port.h"
#if QMCU_RELEASE
#include "guard.h"
#endif
#ifdef QMCU_ACCESS
#include "access.h"
#include <string.h>
#endif

#define PSM_WDSEL 0x40018008u
#define TICKS_WATCHDOG_CTRL 0x40108030u
#define TICKS_WATCHDOG_CYCLES 0x40108034u
#define WATCHDOG 0x400D8000u
#define TRNG 0x400F0000u
#define WATCHDOG_LOAD (WATCHDOG + 0x04)

/* What the boot ROM looks for in the first 4 KiB (5.9.5): a loop of one block that says that this is
 * a secure executable for the Arm core. Its vector table is where the image begins. */
__attribute__((section(".image_definition"), used)) static const uint32_t image_definition[5] = {
    0xFFFFDED3u,                         /* a block starts */
    (0x1021u << 16) | (1u << 8) | 0x42u, /* IMAGE_TYPE, one word: RP2350, Arm, secure, EXE */
    (1u << 8) | 0xFFu,                   /* the last item: one word of items came before */
    0,                                   /* the next block is this one */
    0xAB123579u,                         /* the block ends */
};

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
/* 12.9: ticks of 1 us from the crystal, which are a block of their own here; 24 bits. */
#define WATCHDOG_TICKS 8000000u

uint32_t qmcu_port_watchdog_start(void)
{
    QMCU_REGISTER(WATCHDOG) = 0;
    QMCU_REGISTER(TICKS_WATCHDOG_CYCLES) = QMCU_XTAL_HZ / 1000000u;
    QMCU_REGISTER(TICKS_WATCHDOG_CTRL) = 1;
    QMCU_REGISTER(PSM_WDSEL) = 0x1FFFFF3u; /* all but the oscillators */
    QMCU_REGISTER(WATCHDOG_LOAD) = WATCHDOG_TICKS;
    QMCU_REGISTER(WATCHDOG) = (1u << 30) | (7u << 24); /* ENABLE; pauses while debugged */
    return WATCHDOG_TICKS / 1000u;
}

void qmcu_port_watchdog_feed(void)
{
    QMCU_REGISTER(WATCHDOG_LOAD) = WATCHDOG_TICKS;
}
#endif

#ifdef QMCU_ACCESS
/* 12.12: 192 bits at a time of a ring oscillator, tested by the block itself, whose tests stay on. A
 * bit is sampled every 1000 cycles, and von Neumann's correction takes four or more for one: some 5
 * ms at 150 MHz. */
enum { TRNG_SAMPLE = 1000, TRNG_WORDS = 6, TRNG_POLLS = 200000 };

static bool trng_block(uint32_t *words)
{
    uint32_t status = 0;
    for (uint32_t polls = TRNG_POLLS; polls > 0 && (status & 0xFu) == 0; --polls) {
        status = QMCU_REGISTER(TRNG + 0x104); /* RNG_ISR: valid; autocorrelation, twice, stuck */
    }
    for (uint32_t i = 0; i < TRNG_WORDS; ++i) {
        words[i] = QMCU_REGISTER(TRNG + 0x114 + 4u * i); /* EHR_DATA; the last one asks for more */
    }
    QMCU_REGISTER(TRNG + 0x108) = 0xFFFFFFFFu; /* RNG_ICR */
    return (status & 0xFu) == 1u;
}

bool qmcu_port_random(uint8_t *data, uint32_t size)
{
    uint32_t words[TRNG_WORDS];
    uint32_t before = 0;
    bool good = true;
    release(1u << 25);
    QMCU_REGISTER(TRNG + 0x12C) = 0; /* RND_SOURCE_ENABLE */
    QMCU_REGISTER(TRNG + 0x130) = TRNG_SAMPLE;
    QMCU_REGISTER(TRNG + 0x108) = 0xFFFFFFFFu;
    QMCU_REGISTER(TRNG + 0x12C) = 1;
    for (uint32_t at = 0; good && at < size; at += sizeof words) {
        good = trng_block(words);
        for (uint32_t i = 0; i < TRNG_WORDS; ++i) {
            good = good && words[i] != before;
            before = words[i];
        }
        memcpy(data + at, words, size - at < sizeof words ? size - at : sizeof words);
    }
    QMCU_REGISTER(TRNG + 0x12C) = 0;
    return good;
}
#endif

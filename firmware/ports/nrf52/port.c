/* nRF52 (nRF52840 PS v1.7): the core always runs at 64 MHz; the crystal makes the bit rate exact. */
#include "registers.h"

#include "nrf_uart.h"
#include "uart_port.h"
#if QMCU_RELEASE
#include "guard.h"
#endif
#ifdef QMCU_ACCESS
#include "access.h"
#endif

#define CLOCK_TASKS_HFCLKSTART 0x40000000u
#define CLOCK_EVENTS_HFCLKSTARTED 0x40000100u
#define APPROTECT_DISABLE 0x40000558u
#define NVMC_ICACHECNF 0x4001E540u
#define FICR_VARIANT 0x10000130u
#define FICR_REVISION 0x10000134u
#define UICR_APPROTECT 0x10001208u
#define RNG 0x4000D000u
#define WDT 0x40010000u
#define GPIO 0x50000000u /* P0; P1 is 0x300 further */

/* Revision 3 of the nRF52840 (and whatever follows) closes the debug port at every reset, unless
 * both UICR says HwDisabled and the firmware repeats it (PS, "Access port protection"). */
static void keep_debug_port(void)
{
    if (QMCU_REGISTER(FICR_VARIANT) == 8u && QMCU_REGISTER(FICR_REVISION) >= 3u) {
        QMCU_REGISTER(APPROTECT_DISABLE) = QMCU_REGISTER(UICR_APPROTECT);
    }
}

void qmcu_port_init(void)
{
    keep_debug_port();
    QMCU_REGISTER(NVMC_ICACHECNF) = 1;
    QMCU_REGISTER(CLOCK_TASKS_HFCLKSTART) = 1;
    qmcu_wait(CLOCK_EVENTS_HFCLKSTARTED, 1, 1);
    /* The transmitter's pin is high while nobody drives it (PS, "UART: Pin configuration"). */
    const uintptr_t port = GPIO + 0x300u * QMCU_UART_TX_PORT;
    QMCU_REGISTER(port + 0x508) = 1u << QMCU_UART_TX_PIN; /* OUTSET */
    QMCU_REGISTER(port + 0x518) = 1u << QMCU_UART_TX_PIN; /* DIRSET */
    qmcu_core_hz = 64000000u;
    qmcu_uart_init(QMCU_UART_BASE, 32u * QMCU_UART_TX_PORT + QMCU_UART_TX_PIN,
                   32u * QMCU_UART_RX_PORT + QMCU_UART_RX_PIN, QMCU_UART_BAUD);
    qmcu_counter_init();
}

#if QMCU_RELEASE
/* PS, "WDT": 8 s of 32,768 Hz; request 0 alone feeds it. */
uint32_t qmcu_port_watchdog_start(void)
{
    QMCU_REGISTER(WDT + 0x504) = 8u * 32768u - 1u; /* CRV */
    QMCU_REGISTER(WDT + 0x508) = 1;                /* RREN */
    QMCU_REGISTER(WDT + 0x50C) = 1;                /* CONFIG: also while the core sleeps */
    QMCU_REGISTER(WDT + 0x000) = 1;                /* START */
    return 8000;
}

void qmcu_port_watchdog_feed(void)
{
    QMCU_REGISTER(WDT + 0x600) = 0x6E524635u;
}
#endif

#ifdef QMCU_ACCESS
/* PS, "RNG": thermal noise, a byte at a time, with bias correction: 120 us or 7,680 cycles each. */
enum { RNG_POLLS = 20000 };

static bool random_byte(uint8_t *byte)
{
    QMCU_REGISTER(RNG + 0x100) = 0; /* EVENTS_VALRDY */
    for (uint32_t i = 0; i < RNG_POLLS; ++i) {
        if (QMCU_REGISTER(RNG + 0x100) != 0) {
            *byte = (uint8_t)QMCU_REGISTER(RNG + 0x508); /* VALUE */
            return true;
        }
    }
    return false;
}

bool qmcu_port_random(uint8_t *data, uint32_t size)
{
    bool good = true;
    QMCU_REGISTER(RNG + 0x504) = 1; /* CONFIG: DERCEN */
    QMCU_REGISTER(RNG + 0x000) = 1; /* START */
    for (uint32_t i = 0; good && i < size; ++i) {
        good = random_byte(&data[i]);
    }
    QMCU_REGISTER(RNG + 0x004) = 1; /* STOP */
    return good;
}
#endif

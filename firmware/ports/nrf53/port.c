/* nRF5340 (PS v1.3), application core, secure: 128 MHz; the crystal makes the bit rate exact. Of the
 * workarounds in Nordic's start-up code the trimming is done; those of errata 42 to 160, which are
 * about engineering samples, low power and a debug port that stays shut, are not. */
#include "registers.h"

#include "nrf_uarte.h"
#include "uart_port.h"
#if QMCU_RELEASE
#include "guard.h"
#endif

#define CACHE_ENABLE 0x50001500u
#define CLOCK_TASKS_HFCLKSTART 0x50005000u
#define CLOCK_EVENTS_HFCLKSTARTED 0x50005100u
#define CLOCK_HFCLKSRC 0x50005514u
#define CLOCK_HFCLKCTRL 0x50005558u
#define CTRLAP_APPROTECT_DISABLE 0x50006544u
#define CTRLAP_SECUREAPPROTECT_DISABLE 0x5000654Cu
#define FICR_TRIMCNF 0x00FF0300u
#define UICR_APPROTECT 0x00FF8000u
#define UICR_SECUREAPPROTECT 0x00FF801Cu
#define WDT0 0x50018000u
#define GPIO 0x50842500u /* P0; P1 is 0x300 further */
#define MAX_HZ 128000000u

/* PS, "FICR, TRIMCNF": up to 32 pairs of address and value that start-up code has to write. */
static void trim(void)
{
    for (uint32_t i = 0; i < 32u; ++i) {
        const uint32_t address = QMCU_REGISTER(FICR_TRIMCNF + 8u * i);
        if (address == 0xFFFFFFFFu) {
            return;
        }
        QMCU_REGISTER(address) = QMCU_REGISTER(FICR_TRIMCNF + 8u * i + 4u);
    }
}

/* Every reset closes the debug port, unless UICR says otherwise and the firmware repeats it (PS,
 * "Access port protection"). */
static void keep_debug_port(void)
{
    QMCU_REGISTER(CTRLAP_APPROTECT_DISABLE) = QMCU_REGISTER(UICR_APPROTECT);
    QMCU_REGISTER(CTRLAP_SECUREAPPROTECT_DISABLE) = QMCU_REGISTER(UICR_SECUREAPPROTECT);
}

void qmcu_port_init(void)
{
    trim();
    keep_debug_port();
    QMCU_REGISTER(CACHE_ENABLE) = 1;
    QMCU_REGISTER(CLOCK_HFCLKCTRL) = 0; /* undivided */
    QMCU_REGISTER(CLOCK_HFCLKSRC) = 1;  /* HFXO */
    QMCU_REGISTER(CLOCK_TASKS_HFCLKSTART) = 1;
    qmcu_wait(CLOCK_EVENTS_HFCLKSTARTED, 1, 1);
    qmcu_core_hz = MAX_HZ >> (QMCU_REGISTER(CLOCK_HFCLKCTRL) & 3u);
    /* The transmitter's pin is high while nobody drives it (PS, "UARTE: Pin configuration"). */
    const uintptr_t port = GPIO + 0x300u * QMCU_UART_TX_PORT;
    QMCU_REGISTER(port + 0x08) = 1u << QMCU_UART_TX_PIN; /* OUTSET */
    QMCU_REGISTER(port + 0x18) = 1u << QMCU_UART_TX_PIN; /* DIRSET */
    qmcu_uart_init(QMCU_UART_BASE, 32u * QMCU_UART_TX_PORT + QMCU_UART_TX_PIN,
                   32u * QMCU_UART_RX_PORT + QMCU_UART_RX_PIN);
    qmcu_counter_init();
}

#if QMCU_RELEASE
/* PS, "WDT": 8 s of 32,768 Hz; request 0 alone feeds it. */
uint32_t qmcu_port_watchdog_start(void)
{
    QMCU_REGISTER(WDT0 + 0x504) = 8u * 32768u - 1u; /* CRV */
    QMCU_REGISTER(WDT0 + 0x508) = 1;                /* RREN */
    QMCU_REGISTER(WDT0 + 0x50C) = 1;                /* CONFIG: also while the core sleeps */
    QMCU_REGISTER(WDT0 + 0x000) = 1;                /* START */
    return 8000;
}

void qmcu_port_watchdog_feed(void)
{
    QMCU_REGISTER(WDT0 + 0x600) = 0x6E524635u;
}
#endif

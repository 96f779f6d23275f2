/* Kinetis K64 (K64P144M120SF5RM): 120 MHz from an external clock; if that fails, the 20.97 MHz that
 * the chip starts with. */
#include "registers.h"

#include "kinetis_uart.h"
#include "uart_port.h"
#if QMCU_RELEASE
#include "guard.h"
#endif

#define WDOG_STCTRLH 0x40052000u
#define WDOG_UNLOCK 0x4005200Eu
#define SIM_SCGC4 0x40048034u
#define SIM_SCGC5 0x40048038u
#define SIM_CLKDIV1 0x40048044u
#define MCG_C1 0x40064000u
#define MCG_C2 0x40064001u
#define MCG_C5 0x40064004u
#define MCG_C6 0x40064005u
#define MCG_S 0x40064006u
#define PORTA 0x40049000u /* the other ports 0x1000 further each */
/* FLL of 640 times the internal 32.768 kHz (RM, "MCG modes of operation": FEI). */
#define RESET_HZ 20971520u

/* RM, "Flash configuration field": no backdoor key, nothing protected, FSEC unsecured, FOPT without
 * the NMI pin (on the FRDM board it is a button). An erased field would lock the chip. */
__attribute__((section(".flash_configuration"),
               used)) static const uint8_t flash_configuration[16] = {
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0xFB, 0xFF, 0xFF,
};

/* It runs from reset. The two words must follow each other within 20 bus cycles, the write within
 * 256 (RM, "WDOG: Unlocking and updating the watchdog"). */
static void stop_watchdog(void)
{
    QMCU_REGISTER16(WDOG_UNLOCK) = 0xC520u;
    QMCU_REGISTER16(WDOG_UNLOCK) = 0xD928u;
    __asm volatile("nop\n\tnop");            /* one bus cycle */
    QMCU_REGISTER16(WDOG_STCTRLH) = 0x01D2u; /* the reset value without WDOGEN */
}

static bool wait_status(uint8_t mask, uint8_t value)
{
    for (uint32_t i = 0; i < 100000u; ++i) {
        if ((QMCU_REGISTER8(MCG_S) & mask) == value) {
            return true;
        }
    }
    return false;
}

/* FEI, FBE, PBE, PEE (RM, "MCG: Example of transitions"). */
static bool start_pll(void)
{
    QMCU_REGISTER8(MCG_C2) = 2u << 4; /* RANGE: very high; EREFS 0: a clock, not a crystal */
    QMCU_REGISTER8(MCG_C1) = (2u << 6) | (5u << 3); /* CLKS: external; FRDIV: 50 MHz / 1024 */
    if (!wait_status((1u << 4) | (3u << 2), 2u << 2)) {
        QMCU_REGISTER8(MCG_C1) = 1u << 2; /* back to FEI */
        return false;
    }
    QMCU_REGISTER8(MCG_C5) = (uint8_t)(QMCU_PLL_DIVIDE - 1u);
    QMCU_REGISTER8(MCG_C6) = (uint8_t)((1u << 6) | (QMCU_PLL_MULTIPLY - 24u)); /* PLLS, VDIV0 */
    if (!wait_status((1u << 6) | (1u << 5), (1u << 6) | (1u << 5))) {
        QMCU_REGISTER8(MCG_C6) = 0;
        QMCU_REGISTER8(MCG_C1) = 1u << 2;
        return false;
    }
    QMCU_REGISTER8(MCG_C1) = 5u << 3; /* CLKS: PLL */
    return wait_status(3u << 2, 3u << 2);
}

void qmcu_port_init(void)
{
    stop_watchdog();
    /* Core by 1, bus by 2, FlexBus by 3, flash by 5: at most 120, 60, 50 and 25 MHz. */
    QMCU_REGISTER(SIM_CLKDIV1) = (1u << 24) | (2u << 20) | (4u << 16);
    qmcu_core_hz = start_pll() ? QMCU_CLOCK_HZ : RESET_HZ;
    QMCU_REGISTER(SIM_SCGC5) |= 1u << (9u + QMCU_UART_TX_PORT);
    QMCU_REGISTER(SIM_SCGC4) |= 1u << QMCU_UART_ENABLE_BIT;
    const uintptr_t port = PORTA + 0x1000u * QMCU_UART_TX_PORT;
    QMCU_REGISTER(port + 4u * QMCU_UART_TX_PIN) = QMCU_UART_AF << 8;
    QMCU_REGISTER(port + 4u * QMCU_UART_RX_PIN) = QMCU_UART_AF << 8;
    /* UART0 and UART1 run at the core's clock. */
    qmcu_uart_init(QMCU_UART_BASE, qmcu_core_hz, QMCU_UART_BAUD);
    qmcu_counter_init();
}

#if QMCU_RELEASE
#define WDOG_TOVALH 0x40052004u
#define WDOG_TOVALL 0x40052006u
#define WDOG_REFRESH 0x4005200Cu
#define WDOG_PRESC 0x40052016u

/* RM, "WDOG": 8 s of the 1 kHz oscillator, undivided. */
uint32_t qmcu_port_watchdog_start(void)
{
    QMCU_REGISTER16(WDOG_UNLOCK) = 0xC520u;
    QMCU_REGISTER16(WDOG_UNLOCK) = 0xD928u;
    __asm volatile("nop\n\tnop");
    QMCU_REGISTER16(WDOG_TOVALH) = 0;
    QMCU_REGISTER16(WDOG_TOVALL) = 8000;
    QMCU_REGISTER16(WDOG_PRESC) = 0;
    QMCU_REGISTER16(WDOG_STCTRLH) = 0x01D1u; /* WDOGEN, and CLKSRC 0 */
    return 8000;
}

/* The two words must follow each other within 20 bus cycles. */
void qmcu_port_watchdog_feed(void)
{
    QMCU_REGISTER16(WDOG_REFRESH) = 0xA602u;
    QMCU_REGISTER16(WDOG_REFRESH) = 0xB480u;
}
#endif

/* Renesas RA8D1 (its User's Manual: Hardware, R01UH0995): 480 MHz from the crystal and PLL1; if the
 * PLL fails, the crystal alone; if that fails, MOCO, 8 MHz, too coarse for most bit rates.
 * Written from the manual and the vendor's register descriptions; no board and no emulator has run
 * it: only its steps are tested, with the registers modelled. */
#include "registers.h"

#include "renesas_sci_b.h"
#include "uart_port.h"

#define SRAM_PRCR 0x40002000u
#define SRAM_WTSC 0x40002008u
#define FLASH_CACHE 0x4001C100u
#define FLASH_CACHE_INVALIDATE 0x4001C104u
#define FLASH_WAIT 0x4001C11Cu
#define SYSTEM 0x4001E000u
#define SCKDIVCR (SYSTEM + 0x20)
#define SCKDIVCR2 (SYSTEM + 0x24)
#define SCKSCR (SYSTEM + 0x26)
#define PLLCCR (SYSTEM + 0x28)
#define PLLCR (SYSTEM + 0x2A)
#define MOSCCR (SYSTEM + 0x32)
#define OSCSF (SYSTEM + 0x3C)
#define PLLCCR2 (SYSTEM + 0x4C)
#define SCICKDIVCR (SYSTEM + 0x54)
#define SCICKCR (SYSTEM + 0x55)
#define MOSCWTCR (SYSTEM + 0xA2)
#define PRCR (SYSTEM + 0x3FA)
#define MOMCR (SYSTEM + 0xA50)
#define MSTPCRB 0x40203004u
#define PFS 0x40400800u
#define PWPRS 0x40400D14u
#define MOCO_HZ 8000000u

enum { SOURCE_MOCO = 1, SOURCE_CRYSTAL = 3, SOURCE_PLL = 5 };

static bool wait8(uintptr_t address, uint8_t mask, uint8_t value)
{
    for (uint32_t i = 0; i < 100000u; ++i) {
        if ((QMCU_REGISTER8(address) & mask) == value) {
            return true;
        }
    }
    return false;
}

/* A big step of the clock needs a rest of 150 us; this loop takes at least 2 cycles a turn. */
static void settle(uint32_t hz)
{
    for (volatile uint32_t left = hz / 13000u; left != 0; --left) {
    }
}

static bool start_crystal(void)
{
    QMCU_REGISTER8(MOMCR) = (1u << 4) | (3u << 1); /* drive for 8 to 24 MHz */
    QMCU_REGISTER8(MOSCWTCR) = 9;
    QMCU_REGISTER8(MOSCCR) = 0;
    return wait8(OSCSF, 1u << 3, 1u << 3);
}

/* Crystal / 2 = 10 MHz, times 96, P = / 2 (6 to 12 MHz, 640 to 1440 MHz, at most 480 MHz). */
static bool start_pll(void)
{
    QMCU_REGISTER16(PLLCCR) = (uint16_t)(((QMCU_PLL_MULTIPLY - 1u) << 8) | (QMCU_PLL_DIVIDE - 1u));
    QMCU_REGISTER16(PLLCCR2) = (3u << 8) | (3u << 4) | 1u; /* R and Q / 4, P / 2 */
    QMCU_REGISTER8(PLLCR) = 0;
    return wait8(OSCSF, 1u << 5, 1u << 5);
}

static void switch_to_pll(uint32_t hz)
{
    /* ICLK at half the core's clock, 240 MHz: 4 wait states for flash, one for SRAM. */
    QMCU_REGISTER8(FLASH_WAIT) = 4;
    QMCU_REGISTER16(SRAM_PRCR) = 0xA501u;
    __asm volatile("dmb" ::: "memory");
    QMCU_REGISTER8(SRAM_WTSC) = 1;
    __asm volatile("dmb" ::: "memory");
    QMCU_REGISTER16(SRAM_PRCR) = 0xA500u;
    /* FCK 60, ICK 240, PCKE 240, BCK 120, PCKA 120, PCKB 60, PCKC 60, PCKD 120 MHz; the core first
     * at half speed, then at full. */
    QMCU_REGISTER(SCKDIVCR) = 0x31122332u;
    QMCU_REGISTER8(SCKDIVCR2) = 1;
    QMCU_REGISTER8(SCKSCR) = SOURCE_PLL;
    settle(hz / 2);
    QMCU_REGISTER8(SCKDIVCR2) = 0;
    settle(hz);
}

/* SCICLK: stopped, chosen, started again. `divider` in the register's code. */
static void start_sci_clock(uint8_t source, uint8_t divider)
{
    QMCU_REGISTER8(SCICKCR) |= 1u << 6;
    wait8(SCICKCR, 1u << 7, 1u << 7);
    QMCU_REGISTER8(SCICKDIVCR) = divider;
    QMCU_REGISTER8(SCICKCR) = (uint8_t)(source | (1u << 6) | (1u << 7));
    QMCU_REGISTER8(SCICKCR) &= (uint8_t)~(1u << 6);
    wait8(SCICKCR, 1u << 7, 0);
}

/* Core and SCI clock; the protected registers are open. */
static uint32_t start_clocks(void)
{
    qmcu_core_hz = MOCO_HZ;
    if (!start_crystal()) {
        start_sci_clock(SOURCE_MOCO, 0);
        return MOCO_HZ;
    }
    if (!start_pll()) {
        QMCU_REGISTER8(SCKSCR) = SOURCE_CRYSTAL;
        qmcu_core_hz = QMCU_XTAL_HZ;
        start_sci_clock(SOURCE_CRYSTAL, 0);
        return QMCU_XTAL_HZ;
    }
    qmcu_core_hz = QMCU_XTAL_HZ / QMCU_PLL_DIVIDE * QMCU_PLL_MULTIPLY / 2;
    switch_to_pll(qmcu_core_hz);
    start_sci_clock(SOURCE_PLL, 2);
    return qmcu_core_hz / 4;
}

/* PSEL first, then PMR: the peripheral takes the pin. */
static void connect(uint32_t port, uint32_t pin)
{
    const uintptr_t function = PFS + 0x40u * port + 4u * pin;
    QMCU_REGISTER(function) = QMCU_UART_AF << 24;
    QMCU_REGISTER(function) = (QMCU_UART_AF << 24) | (1u << 16);
}

/* Flash cache, instruction cache, branch prediction and low-overhead loops. */
static void start_caches(void)
{
    QMCU_REGISTER16(FLASH_CACHE_INVALIDATE) = 1;
    for (uint32_t i = 0; i < 100000u && QMCU_REGISTER16(FLASH_CACHE_INVALIDATE) != 0; ++i) {
    }
    QMCU_REGISTER16(FLASH_CACHE) = 1;
    QMCU_REGISTER(0xE000EF50u) = 0; /* ICIALLU */
    __asm volatile("dsb\n\tisb" ::: "memory");
    QMCU_REGISTER(0xE000ED14u) |= (1u << 19) | (1u << 18) | (1u << 17); /* CCR: LOB, BP, IC */
    __asm volatile("dsb\n\tisb" ::: "memory");
}

void qmcu_port_init(void)
{
    QMCU_REGISTER16(PRCR) = 0xA503u; /* clocks and module stop may be written */
    const uint32_t sci_hz = start_clocks();
    start_caches();
    QMCU_REGISTER(MSTPCRB) &= ~(1u << QMCU_UART_STOP_BIT);
    QMCU_REGISTER16(PRCR) = 0xA500u;
    QMCU_REGISTER8(PWPRS) = 0;
    QMCU_REGISTER8(PWPRS) = 1u << 6; /* PFSWE */
    connect(QMCU_UART_TX_PORT, QMCU_UART_TX_PIN);
    connect(QMCU_UART_RX_PORT, QMCU_UART_RX_PIN);
    QMCU_REGISTER8(PWPRS) = 0;
    QMCU_REGISTER8(PWPRS) = 1u << 7; /* B0WI */
    qmcu_uart_init(QMCU_UART_BASE, sci_hz, QMCU_UART_BAUD);
    qmcu_counter_init();
}

/* i.MX RT1060 (its Reference Manual, IMXRT1060RM): 600 MHz from the crystal and PLL1, running from
 * serial flash; if the PLL fails, the crystal alone, 24 MHz. */
#include "registers.h"

#include "boot_tables.h"
#include "cortex_m7_cache.h"
#include "cortex_m7_mpu.h"
#include "imxrt_lpuart.h"
#include "uart_port.h"
#if QMCU_RELEASE
#include "guard.h"
#endif

#define DCDC_REG0 0x40080000u
#define DCDC_REG3 0x4008000Cu
#define WDOG1_WCR 0x400B8000u
#define WDOG1_WSR 0x400B8002u
#define WDOG1_WMCR 0x400B8008u
#define PLL_ARM 0x400D8000u
#define CACRR 0x400FC010u
#define CBCDR 0x400FC014u
#define CBCMR 0x400FC018u
#define CSCDR1 0x400FC024u
#define CDHIPR 0x400FC048u
#define CCGR3 0x400FC074u
#define CCGR6 0x400FC080u
#define IOMUXC 0x401F8000u
#define CRYSTAL_HZ 24000000u
#define EXECUTED_FLASH ((6u << 24) | (1u << 19) | (1u << 17) | (1u << 16))

/* The core needs 1.25 V above 528 MHz (datasheet, "Operating ranges"): 0.8 V and 25 mV a step. */
static bool raise_voltage(void)
{
    QMCU_REGISTER(CCGR6) |= 3u << 6; /* DCDC */
    QMCU_REGISTER(DCDC_REG3) = (QMCU_REGISTER(DCDC_REG3) & ~0x1Fu) | 18u;
    return qmcu_wait(DCDC_REG0, 1u << 31, 1u << 31);
}

/* RM, "CCM: Clock switching": core and bus go by the crystal while the PLL changes. */
static bool run_from_crystal(void)
{
    QMCU_REGISTER(CBCDR) &= ~(7u << 27);                                      /* PERIPH_CLK2_PODF */
    QMCU_REGISTER(CBCMR) = (QMCU_REGISTER(CBCMR) & ~(3u << 12)) | (1u << 12); /* osc_clk */
    qmcu_wait(CDHIPR, 1u << 3, 0);
    QMCU_REGISTER(CBCDR) |= 1u << 25; /* PERIPH_CLK_SEL: periph_clk2 */
    return qmcu_wait(CDHIPR, 1u << 5, 0);
}

/* Crystal * DIV_SELECT / 2, 648 to 1296 MHz, then / 2 for the core; IPG / 4, at most 150 MHz. */
static bool run_from_pll(void)
{
    QMCU_REGISTER(PLL_ARM) = 1u << 12;                       /* POWERDOWN */
    QMCU_REGISTER(PLL_ARM) = (1u << 13) | QMCU_PLL_MULTIPLY; /* ENABLE */
    if (!qmcu_wait(PLL_ARM, 1u << 31, 1u << 31)) {
        return false;
    }
    QMCU_REGISTER(CACRR) = 1;
    qmcu_wait(CDHIPR, 1u << 16, 0);
    QMCU_REGISTER(CBCDR) = (QMCU_REGISTER(CBCDR) & ~((7u << 10) | (3u << 8))) | (3u << 8);
    qmcu_wait(CDHIPR, 1u << 1, 0);
    QMCU_REGISTER(CBCMR) |= 3u << 18; /* PRE_PERIPH_CLK_SEL: PLL1 */
    QMCU_REGISTER(CBCDR) &= ~(1u << 25);
    return qmcu_wait(CDHIPR, 1u << 5, 0);
}

/* The core may read ahead in all of the memory that it takes for RAM, and a read where FlexSPI and
 * SEMC have none blocks the bus: of both only the flash may be read. */
static void bound_reading_ahead(void)
{
    qmcu_mpu_region(0, 0x60000000u, 0x20000000u, QMCU_MPU_NOTHING);
    qmcu_mpu_region(1, 0x60000000u, 0x00800000u, EXECUTED_FLASH);
    qmcu_mpu_region(2, 0x80000000u, 0x20000000u, QMCU_MPU_NOTHING);
    qmcu_mpu_enable();
}

/* The boot ROM may have switched them on; what is dirty then must not be thrown away. */
static void start_caches(void)
{
    if ((QMCU_REGISTER(0xE000ED14u) & (1u << 16)) == 0) {
        qmcu_cache_enable();
    }
}

static void connect_uart(void)
{
    QMCU_REGISTER(CSCDR1) = (QMCU_REGISTER(CSCDR1) & ~0x3Fu) | (1u << 6); /* UARTs by the crystal */
    QMCU_REGISTER(CCGR3) |= 3u << 6;                                      /* LPUART6 */
    QMCU_REGISTER(IOMUXC + QMCU_UART_TX_MUX) = QMCU_UART_ALT;
    QMCU_REGISTER(IOMUXC + QMCU_UART_TX_PAD) = (2u << 6) | (6u << 3); /* SPEED, DSE */
    QMCU_REGISTER(IOMUXC + QMCU_UART_TX_INPUT) = 1;
    QMCU_REGISTER(IOMUXC + QMCU_UART_RX_MUX) = QMCU_UART_ALT;
    /* HYS, and a pull-up of 22 kOhm: PUS, PUE, PKE. */
    QMCU_REGISTER(IOMUXC + QMCU_UART_RX_PAD) = (1u << 16) | (3u << 14) | (1u << 13) | (1u << 12);
    QMCU_REGISTER(IOMUXC + QMCU_UART_RX_INPUT) = 1;
}

void qmcu_port_init(void)
{
    bound_reading_ahead();
    start_caches();
    qmcu_core_hz = CRYSTAL_HZ;
    if (raise_voltage() && run_from_crystal() && run_from_pll()) {
        qmcu_core_hz = CRYSTAL_HZ / 2u * QMCU_PLL_MULTIPLY / 2u;
    }
    connect_uart();
    qmcu_uart_init(QMCU_UART_BASE, CRYSTAL_HZ, QMCU_UART_BAUD);
    qmcu_counter_init();
}

#if QMCU_RELEASE
/* RM, "WDOG1": 8 s in steps of half a second; WDA and SRS stay 1, for 0 asserts them. */
uint32_t qmcu_port_watchdog_start(void)
{
    QMCU_REGISTER(CCGR3) |= 3u << 16;
    QMCU_REGISTER16(WDOG1_WMCR) = 0; /* no reset 16 s after power-on */
    QMCU_REGISTER16(WDOG1_WCR) = (15u << 8) | (1u << 5) | (1u << 4) | (1u << 2); /* WDE */
    return 8000;
}

void qmcu_port_watchdog_feed(void)
{
    QMCU_REGISTER16(WDOG1_WSR) = 0x5555u;
    QMCU_REGISTER16(WDOG1_WSR) = 0xAAAAu;
}
#endif

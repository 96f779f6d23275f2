/* STM32H74x/75x: HSI 64 MHz and PLL1 to 400 MHz (VOS1); if that fails, HSI alone. */
#include "stm32_port.h"

#include "board.h"
#include "cortex_m7_cache.h"
#include "registers.h"
#ifdef QMCU_ACCESS
#include "stm32_random.h"
#endif

#define RCC 0x58024400u
#define RCC_CR (RCC + 0x00)
#define RCC_CFGR (RCC + 0x10)
#define RCC_D1CFGR (RCC + 0x18)
#define RCC_D2CFGR (RCC + 0x1C)
#define RCC_D3CFGR (RCC + 0x20)
#define RCC_PLLCKSELR (RCC + 0x28)
#define RCC_PLLCFGR (RCC + 0x2C)
#define RCC_PLL1DIVR (RCC + 0x30)
#define RCC_AHB2ENR (RCC + 0xDC)
#define RCC_AHB4ENR (RCC + 0xE0)
#define PWR 0x58024800u
#define PWR_CSR1 (PWR + 0x04)
#define PWR_CR3 (PWR + 0x0C)
#define PWR_D3CR (PWR + 0x18)
#define FLASH_ACR 0x52002000u
#define HSI_HZ 64000000u

/* How the core is supplied, as PWR_CR3 says it: by the LDO, as on the Nucleo, where the board does
 * not say otherwise. Another choice than the board's wiring stops the chip. */
#ifndef QMCU_SUPPLY
#define QMCU_SUPPLY 2u
#endif

const qmcu_stm32_addresses qmcu_stm32 = {RCC, RCC_AHB4ENR, 0x58020000u};

static bool start_pll(void)
{
    /* The supply must be fixed before the voltage scale may change. */
    QMCU_REGISTER(PWR_CR3) = (QMCU_REGISTER(PWR_CR3) & ~(7u | QMCU_SUPPLY)) | QMCU_SUPPLY;
    qmcu_wait(PWR_CSR1, 1u << 13, 1u << 13);
    QMCU_REGISTER(PWR_D3CR) |= 3u << 14; /* VOS1 */
    if (!qmcu_wait(PWR_D3CR, 1u << 13, 1u << 13)) {
        return false;
    }
    /* HSI / 4 = 16 MHz, times N, P = / 2. */
    QMCU_REGISTER(RCC_PLLCKSELR) = 4u << 4;
    QMCU_REGISTER(RCC_PLLCFGR) = (1u << 16) | (3u << 2);
    QMCU_REGISTER(RCC_PLL1DIVR) = (QMCU_PLL_N - 1u) | (1u << 9) | (1u << 16) | (1u << 24);
    QMCU_REGISTER(RCC_CR) |= 1u << 24;
    return qmcu_wait(RCC_CR, 1u << 25, 1u << 25);
}

/* The clocks of core and UART: the APBs run at a quarter of the core's. */
static qmcu_stm32_clocks start_clocks(void)
{
    const qmcu_stm32_clocks slow = {HSI_HZ, HSI_HZ};
    if (!start_pll()) {
        return slow;
    }
    /* AXI at half the core clock: 2 wait states and signal delay 2 up to 210 MHz. */
    QMCU_REGISTER(FLASH_ACR) = 2u | (2u << 4);
    QMCU_REGISTER(RCC_D1CFGR) = (4u << 4) | 8u; /* AHB / 2, APB3 / 2 */
    QMCU_REGISTER(RCC_D2CFGR) = (4u << 8) | (4u << 4);
    QMCU_REGISTER(RCC_D3CFGR) = 4u << 4;
    QMCU_REGISTER(RCC_CFGR) = 3u;
    if (!qmcu_wait(RCC_CFGR, 7u << 3, 3u << 3)) {
        return (qmcu_stm32_clocks){HSI_HZ, HSI_HZ / 4};
    }
    const uint32_t core_hz = HSI_HZ / 4 * QMCU_PLL_N / 2;
    return (qmcu_stm32_clocks){core_hz, core_hz / 4};
}

qmcu_stm32_clocks qmcu_stm32_start(void)
{
    const qmcu_stm32_clocks clocks = start_clocks();
    qmcu_cache_enable();
    return clocks;
}

#ifdef QMCU_ACCESS
/* By HSI48, which is the choice of D2CCIP2R's RNGSEL after reset. */
bool qmcu_port_random(uint8_t *data, uint32_t size)
{
    if (!qmcu_stm32_start_hsi48(RCC_CR, 1u << 12)) {
        return false;
    }
    QMCU_REGISTER(RCC_AHB2ENR) |= 1u << 6;
    return qmcu_stm32_random(0x48021800u, data, size);
}
#endif

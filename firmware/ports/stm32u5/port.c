/* STM32U575/585 (RM0456), TrustZone off: MSIS 4 MHz and PLL1 to 160 MHz in range 1 with the booster;
 * if that fails, MSIS alone. The order of the steps is also that of OpenOCD's stm32u5x.cfg. */
#include "stm32_port.h"

#include "board.h"
#include "registers.h"
#ifdef QMCU_ACCESS
#include "stm32_random.h"
#endif

#define RCC 0x46020C00u
#define RCC_CR (RCC + 0x00)
#define RCC_CFGR1 (RCC + 0x1C)
#define RCC_PLL1CFGR (RCC + 0x28)
#define RCC_PLL1DIVR (RCC + 0x34)
#define RCC_AHB2ENR1 (RCC + 0x8C)
#define RCC_AHB3ENR (RCC + 0x94)
#define PWR_VOSR 0x4602080Cu
#define FLASH_ACR 0x40022000u
#define ICACHE_CR 0x40030400u
#define ICACHE_SR 0x40030404u
#define MSIS_HZ 4000000u

const qmcu_stm32_addresses qmcu_stm32 = {RCC, RCC_AHB2ENR1, 0x42020000u};

static bool start_pll(void)
{
    QMCU_REGISTER(RCC_AHB3ENR) |= 1u << 2; /* PWR */
    QMCU_REGISTER(PWR_VOSR) |= 3u << 16;   /* range 1 */
    if (!qmcu_wait(PWR_VOSR, 1u << 15, 1u << 15)) {
        return false;
    }
    /* MSIS / 1, 4 to 8 MHz, R on; PLL1MBOOST 0: the booster's clock, 4 MHz, undivided. */
    QMCU_REGISTER(RCC_PLL1CFGR) = (1u << 18) | 1u;
    QMCU_REGISTER(PWR_VOSR) |= 1u << 18; /* BOOSTEN, needed above 55 MHz */
    if (!qmcu_wait(PWR_VOSR, 1u << 14, 1u << 14)) {
        return false;
    }
    /* Times N, 128 to 544 MHz; P, Q, R = / 2. */
    QMCU_REGISTER(RCC_PLL1DIVR) = (1u << 24) | (1u << 16) | (1u << 9) | (QMCU_PLL_N - 1u);
    QMCU_REGISTER(RCC_CR) |= 1u << 24;
    return qmcu_wait(RCC_CR, 1u << 25, 1u << 25);
}

/* The instruction cache is not started while it invalidates itself after reset. */
static void start_cache(void)
{
    qmcu_wait(ICACHE_SR, 1u, 0);
    QMCU_REGISTER(ICACHE_CR) |= 1u;
}

qmcu_stm32_clocks qmcu_stm32_start(void)
{
    const qmcu_stm32_clocks slow = {MSIS_HZ, MSIS_HZ};
    const bool fast = start_pll();
    start_cache();
    if (!fast) {
        return slow;
    }
    QMCU_REGISTER(FLASH_ACR) = 4u | (1u << 8); /* 4 wait states at 160 MHz in range 1, prefetch */
    qmcu_wait(FLASH_ACR, 15u, 4u);
    QMCU_REGISTER(RCC_CFGR1) = 3u;
    if (!qmcu_wait(RCC_CFGR1, 3u << 2, 3u << 2)) {
        return slow;
    }
    const uint32_t hz = MSIS_HZ * QMCU_PLL_N / 2;
    return (qmcu_stm32_clocks){hz, hz};
}

#ifdef QMCU_ACCESS
/* By HSI48, which is the choice of CCIPR2's RNGSEL after reset. */
bool qmcu_port_random(uint8_t *data, uint32_t size)
{
    if (!qmcu_stm32_start_hsi48(RCC_CR, 1u << 12)) {
        return false;
    }
    QMCU_REGISTER(RCC_AHB2ENR1) |= 1u << 18;
    return qmcu_stm32_random(0x420C0800u, data, size);
}
#endif

/* STM32N657 (RM0486), secure, from AXISRAM2: HSI 64 MHz and PLL1 to 600 MHz, which needs no higher
 * core voltage than after reset; if that fails, HSI alone. Nothing is taken from what the boot ROM
 * left: it may have started PLL1, its bypass and the MPU.
 * Written from the vendor's register descriptions; no board and no emulator of a Cortex-M55 has run
 * it: only its steps are tested, with the registers modelled. */
#include "stm32_port.h"

#include "board.h"
#include "cortex_m7_cache.h"
#include "registers.h"

#define RCC 0x56028000u
#define RCC_CR (RCC + 0x000)
#define RCC_SR (RCC + 0x004)
#define RCC_CFGR1 (RCC + 0x020)
#define RCC_CFGR2 (RCC + 0x024)
#define RCC_PLL1CFGR1 (RCC + 0x080)
#define RCC_PLL1CFGR2 (RCC + 0x084)
#define RCC_PLL1CFGR3 (RCC + 0x088)
#define RCC_IC1CFGR (RCC + 0x0C4)
#define RCC_IC2CFGR (RCC + 0x0C8)
#define RCC_IC6CFGR (RCC + 0x0D8)
#define RCC_IC11CFGR (RCC + 0x0EC)
#define RCC_CCIPR13 (RCC + 0x174)
#define RCC_DIVENSR (RCC + 0xA40)
#define RCC_AHB4ENSR (RCC + 0xA5C)
#define MPU_CTRL 0xE000ED94u
#define SCB_CCR 0xE000ED14u
#define HSI_HZ 64000000u

enum { SOURCE_HSI = 0, SOURCE_IC = 3, CPU_DIVIDE = 2, BUS_DIVIDE = 3, NPU_DIVIDE = 4 };

/* The enable registers are written by their set registers, 0x800 behind: ones set, zeros do
 * nothing. */
const qmcu_stm32_addresses qmcu_stm32 = {RCC, RCC_AHB4ENSR, 0x56020000u};

/* Core (CPUSW, from bit 16) and buses (SYSSW, from bit 24); 4 bits above it says what runs. */
static bool choose(uint32_t source)
{
    const uint32_t choice = (source << 24) | (source << 16);
    QMCU_REGISTER(RCC_CFGR1) = (QMCU_REGISTER(RCC_CFGR1) & ~((3u << 24) | (3u << 16))) | choice;
    return qmcu_wait(RCC_CFGR1, (3u << 28) | (3u << 20), choice << 4);
}

static bool start_pll(void)
{
    QMCU_REGISTER(RCC_CR) &= ~(1u << 8);
    if (!qmcu_wait(RCC_SR, 1u << 8, 0)) {
        return false;
    }
    /* HSI / M, times N, no fraction, no bypass; both dividers 1, no spread spectrum, output on. */
    QMCU_REGISTER(RCC_PLL1CFGR1) = (QMCU_PLL_M << 20) | QMCU_PLL_N;
    QMCU_REGISTER(RCC_PLL1CFGR2) = 0;
    QMCU_REGISTER(RCC_PLL1CFGR3) = (1u << 30) | (1u << 27) | (1u << 24) | (1u << 2) | 1u;
    QMCU_REGISTER(RCC_CR) |= 1u << 8;
    return qmcu_wait(RCC_SR, 1u << 8, 1u << 8);
}

/* IC1 for the core, 600 MHz; IC2 and IC11 for the buses, 400 MHz; IC6 for the NPU, 300 MHz, which
 * the buses' switch needs, too. */
static void divide(void)
{
    QMCU_REGISTER(RCC_IC1CFGR) = (CPU_DIVIDE - 1u) << 16;
    QMCU_REGISTER(RCC_IC2CFGR) = (BUS_DIVIDE - 1u) << 16;
    QMCU_REGISTER(RCC_IC6CFGR) = (NPU_DIVIDE - 1u) << 16;
    QMCU_REGISTER(RCC_IC11CFGR) = (BUS_DIVIDE - 1u) << 16;
    QMCU_REGISTER(RCC_DIVENSR) = (1u << 10) | (1u << 5) | (1u << 1) | 1u;
}

qmcu_stm32_clocks qmcu_stm32_start(void)
{
    const qmcu_stm32_clocks slow = {HSI_HZ, HSI_HZ};
    QMCU_REGISTER(MPU_CTRL) = 0;
    QMCU_REGISTER(RCC_CR) |= 1u << 3;
    qmcu_wait(RCC_SR, 1u << 3, 1u << 3);
    choose(SOURCE_HSI);
    QMCU_REGISTER(RCC_CFGR2) = 0;
    QMCU_REGISTER(RCC_CCIPR13) &= ~7u; /* USART1 by PCLK2 */
    qmcu_cache_enable();
    QMCU_REGISTER(SCB_CCR) |= (1u << 19) | (1u << 18); /* low-overhead loops, branch prediction */
    if (!start_pll()) {
        return slow;
    }
    divide();
    QMCU_REGISTER(RCC_CFGR2) = 1u << 20; /* HCLK and with it PCLK2 half of the buses' */
    if (!choose(SOURCE_IC)) {
        choose(SOURCE_HSI);
        QMCU_REGISTER(RCC_CFGR2) = 0;
        return slow;
    }
    const uint32_t pll_hz = HSI_HZ / QMCU_PLL_M * QMCU_PLL_N;
    return (qmcu_stm32_clocks){pll_hz / CPU_DIVIDE, pll_hz / BUS_DIVIDE / 2};
}

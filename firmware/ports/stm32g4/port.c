/* STM32G47x/48x (RM0440): HSE and PLL to 170 MHz in boost mode; if that fails, HSI16 alone. */
#include "stm32_port.h"

#include "board.h"
#include "registers.h"

#define RCC 0x40021000u
#define RCC_CR (RCC + 0x00)
#define RCC_CFGR (RCC + 0x08)
#define RCC_PLLCFGR (RCC + 0x0C)
#define RCC_AHB2ENR (RCC + 0x4C)
#define RCC_APB1ENR1 (RCC + 0x58)
#define PWR 0x40007000u
#define PWR_SR2 (PWR + 0x14)
#define PWR_CR5 (PWR + 0x80)
#define FLASH_ACR 0x40022000u
#define HSI_HZ 16000000u

const qmcu_stm32_addresses qmcu_stm32 = {RCC, RCC_AHB2ENR, 0x48000000u};

qmcu_stm32_clocks qmcu_stm32_start(void)
{
    qmcu_stm32_clocks clocks = {HSI_HZ, HSI_HZ};
    QMCU_REGISTER(RCC_CR) |= QMCU_HSE_BYPASS ? (1u << 18) | (1u << 16) : 1u << 16;
    if (!qmcu_wait(RCC_CR, 1u << 17, 1u << 17)) {
        return clocks;
    }
    QMCU_REGISTER(RCC_APB1ENR1) |= 1u << 28; /* PWR */
    QMCU_REGISTER(PWR_CR5) &= ~(1u << 8);    /* R1MODE: boost, needed above 150 MHz (6.1.5) */
    qmcu_wait(PWR_SR2, 1u << 10, 0);         /* VOSF */
    /* 4 wait states at 170 MHz in boost mode (5.3.3, table 29); prefetch and caches on. */
    QMCU_REGISTER(FLASH_ACR) = 4u | (1u << 8) | (1u << 9) | (1u << 10);
    /* HSE / M, times N, R = / 2. */
    QMCU_REGISTER(RCC_PLLCFGR) = 3u | ((QMCU_PLL_M - 1u) << 4) | (QMCU_PLL_N << 8) | (1u << 24);
    QMCU_REGISTER(RCC_CR) |= 1u << 24;
    if (!qmcu_wait(RCC_CR, 1u << 25, 1u << 25)) {
        return clocks;
    }
    /* For the first microsecond above 80 MHz the bus clock is halved ("System clock selection"). */
    QMCU_REGISTER(RCC_CFGR) = (8u << 4) | 3u;
    if (qmcu_wait(RCC_CFGR, 3u << 2, 3u << 2)) {
        for (volatile uint32_t delay = 0; delay < 200; ++delay) {
        }
        clocks.core_hz = QMCU_HSE_HZ / QMCU_PLL_M * QMCU_PLL_N / 2;
        clocks.uart_hz = clocks.core_hz;
    }
    QMCU_REGISTER(RCC_CFGR) &= ~(15u << 4);
    return clocks;
}

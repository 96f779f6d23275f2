/* The clocks of STM32F4 and F7, whose RCC is the same. */
#ifndef QMCU_STM32F_CLOCK_H
#define QMCU_STM32F_CLOCK_H

#include "board.h"
#include "registers.h"
#include "stm32_port.h"

enum {
    QMCU_RCC = 0x40023800,
    QMCU_RCC_CR = QMCU_RCC + 0x00,
    QMCU_RCC_PLLCFGR = QMCU_RCC + 0x04,
    QMCU_RCC_CFGR = QMCU_RCC + 0x08,
    QMCU_RCC_AHB1ENR = QMCU_RCC + 0x30,
    QMCU_RCC_APB1ENR = QMCU_RCC + 0x40,
    QMCU_PWR_CR = 0x40007000,
    QMCU_PWR_CSR = 0x40007004,
    QMCU_FLASH_ACR = 0x40023C00,
    QMCU_HSI_HZ = 16000000,
};

/* Of the PLL's output Q the RNG takes at most 48 MHz (RM0090 6.3.2); nothing else here uses it. */
#ifdef QMCU_ACCESS
#define QMCU_PLL_Q ((QMCU_PLL_N + 47u) / 48u)
#else
#define QMCU_PLL_Q (QMCU_PLL_N / 48u)
#endif

/* HSE / M = 1 MHz, times N, over 2. R, which F446 and F76x have, keeps its reset value of 2: below
 * is forbidden (RM0390 6.3.2, RM0410 5.3.2), and elsewhere the bits are reserved. */
static inline bool qmcu_stm32f_start_pll(bool over_drive)
{
    QMCU_REGISTER(QMCU_RCC_CR) |= QMCU_HSE_BYPASS ? (1u << 18) | (1u << 16) : 1u << 16;
    if (!qmcu_wait(QMCU_RCC_CR, 1u << 17, 1u << 17)) {
        return false;
    }
    QMCU_REGISTER(QMCU_RCC_PLLCFGR) =
        (QMCU_HSE_HZ / 1000000u) | (QMCU_PLL_N << 6) | (1u << 22) | (QMCU_PLL_Q << 24) | (2u << 28);
    QMCU_REGISTER(QMCU_RCC_CR) |= 1u << 24;
    if (over_drive) {
        QMCU_REGISTER(QMCU_PWR_CR) |= 1u << 16;
        qmcu_wait(QMCU_PWR_CSR, 1u << 16, 1u << 16);
        QMCU_REGISTER(QMCU_PWR_CR) |= 1u << 17;
        qmcu_wait(QMCU_PWR_CSR, 1u << 17, 1u << 17);
    }
    return qmcu_wait(QMCU_RCC_CR, 1u << 25, 1u << 25);
}

/* `flash_access` is FLASH_ACR at full speed. Without HSE or PLL the core stays at 16 MHz. */
static inline qmcu_stm32_clocks qmcu_stm32f_start(uint32_t voltage_scale, bool over_drive,
                                                  uint32_t flash_access)
{
    const qmcu_stm32_clocks slow = {QMCU_HSI_HZ, QMCU_HSI_HZ};
    QMCU_REGISTER(QMCU_RCC_APB1ENR) |= 1u << 28; /* PWR */
    QMCU_REGISTER(QMCU_PWR_CR) |= voltage_scale;
    if (!qmcu_stm32f_start_pll(over_drive)) {
        return slow;
    }
    QMCU_REGISTER(QMCU_FLASH_ACR) = flash_access;
    QMCU_REGISTER(QMCU_RCC_CFGR) = (5u << 10) | (4u << 13) | 2u; /* APB1 / 4, APB2 / 2, PLL */
    if (!qmcu_wait(QMCU_RCC_CFGR, 3u << 2, 2u << 2)) {
        return slow;
    }
    const uint32_t core_hz = 1000000u * QMCU_PLL_N / 2u;
    return (qmcu_stm32_clocks){core_hz, core_hz / (QMCU_UART_ON_APB2 ? 2u : 4u)};
}

#ifdef QMCU_ACCESS
#include "stm32_random.h"

/* On AHB2, by the PLL's output Q. STM32F401, F411 and F446 have none, nor the bit that enables it. */
bool qmcu_port_random(uint8_t *data, uint32_t size)
{
    const uintptr_t enable = QMCU_RCC + 0x34; /* AHB2ENR */
    QMCU_REGISTER(enable) |= 1u << 6;
    if ((QMCU_REGISTER(enable) & (1u << 6)) == 0) {
        return false;
    }
    return qmcu_stm32_random(0x50060800u, data, size);
}
#endif

#endif

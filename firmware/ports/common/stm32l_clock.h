/* The clocks of STM32L4+ (RM0432) and G4 (RM0440), whose RCC, PWR and flash are the same here. */
#ifndef QMCU_STM32L_CLOCK_H
#define QMCU_STM32L_CLOCK_H

#include "registers.h"
#include "stm32_port.h"

enum {
    QMCU_RCC = 0x40021000,
    QMCU_RCC_CR = QMCU_RCC + 0x00,
    QMCU_RCC_CFGR = QMCU_RCC + 0x08,
    QMCU_RCC_PLLCFGR = QMCU_RCC + 0x0C,
    QMCU_RCC_AHB2ENR = QMCU_RCC + 0x4C,
    QMCU_RCC_APB1ENR1 = QMCU_RCC + 0x58,
    QMCU_RCC_CRRCR = QMCU_RCC + 0x98,
    QMCU_PWR = 0x40007000,
    QMCU_PWR_CR2 = QMCU_PWR + 0x04,
    QMCU_PWR_SR2 = QMCU_PWR + 0x14,
    QMCU_PWR_CR5 = QMCU_PWR + 0x80,
    QMCU_FLASH_ACR = 0x40022000,
};

/* From the slow clock, which runs, to the PLL as `pll` (PLLCFGR) sets it up; false if it does not
 * start. `wait_states` are those at full speed. */
static inline bool qmcu_stm32l_start_pll(uint32_t wait_states, uint32_t pll)
{
    QMCU_REGISTER(QMCU_RCC_APB1ENR1) |= 1u << 28; /* PWR */
    QMCU_REGISTER(QMCU_PWR_CR5) &= ~(1u << 8);    /* R1MODE: boost */
    qmcu_wait(QMCU_PWR_SR2, 1u << 10, 0);         /* VOSF */
    /* Prefetch and caches on. */
    QMCU_REGISTER(QMCU_FLASH_ACR) = wait_states | (1u << 8) | (1u << 9) | (1u << 10);
    QMCU_REGISTER(QMCU_RCC_PLLCFGR) = pll;
    QMCU_REGISTER(QMCU_RCC_CR) |= 1u << 24;
    if (!qmcu_wait(QMCU_RCC_CR, 1u << 25, 1u << 25)) {
        return false;
    }
    /* Above 80 MHz the first microsecond runs with the bus clock halved. */
    QMCU_REGISTER(QMCU_RCC_CFGR) = (8u << 4) | 3u;
    const bool switched = qmcu_wait(QMCU_RCC_CFGR, 3u << 2, 3u << 2);
    if (switched) {
        for (volatile uint32_t delay = 0; delay < 200; ++delay) {
        }
    }
    QMCU_REGISTER(QMCU_RCC_CFGR) &= ~(15u << 4);
    return switched;
}

#ifdef QMCU_ACCESS
#include "stm32_random.h"

/* By HSI48, which is the choice of CCIPR's CLK48SEL after reset; `enable` is RNGEN in AHB2ENR. */
static inline bool qmcu_stm32l_random(uint32_t enable, uint8_t *data, uint32_t size)
{
    if (!qmcu_stm32_start_hsi48(QMCU_RCC_CRRCR, 1u)) {
        return false;
    }
    QMCU_REGISTER(QMCU_RCC_AHB2ENR) |= enable;
    return qmcu_stm32_random(0x50060800u, data, size);
}
#endif

#endif

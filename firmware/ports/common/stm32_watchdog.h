/* The independent watchdog (IWDG) of every STM32, by its own oscillator of about 32 kHz; the
 * reference manuals' chapters "Independent watchdog" of F4, F7, L4+, G4, H7 and N6 agree. */
#ifndef QMCU_STM32_WATCHDOG_H
#define QMCU_STM32_WATCHDOG_H

#include "registers.h"
#include "stm32_port.h"

enum { QMCU_IWDG_KR = 0x00, QMCU_IWDG_PR = 0x04, QMCU_IWDG_RLR = 0x08, QMCU_IWDG_SR = 0x0C };

/* Only the RCC of an H7 lies there; its first core's IWDG1 is in domain D3. A board may say it. */
static inline uintptr_t qmcu_iwdg(void)
{
#ifdef QMCU_IWDG_BASE
    return QMCU_IWDG_BASE;
#else
    return qmcu_stm32.rcc == 0x58024400u ? 0x58004800u : 0x40003000u;
#endif
}

static inline void qmcu_iwdg_feed(void)
{
    QMCU_REGISTER(qmcu_iwdg() + QMCU_IWDG_KR) = 0xAAAAu;
}

/* 32 kHz / 256 * 8 s = 1000; F4's and F7's oscillator is between 17 and 47 kHz. */
static inline uint32_t qmcu_iwdg_start(void)
{
    const uintptr_t base = qmcu_iwdg();
    QMCU_REGISTER(base + QMCU_IWDG_KR) = 0xCCCCu;
    QMCU_REGISTER(base + QMCU_IWDG_KR) = 0x5555u;
    QMCU_REGISTER(base + QMCU_IWDG_PR) = 6;
    QMCU_REGISTER(base + QMCU_IWDG_RLR) = 1000;
    qmcu_wait(base + QMCU_IWDG_SR, 3u, 0);
    qmcu_iwdg_feed();
    return 8000;
}

#endif

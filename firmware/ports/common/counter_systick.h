/* Core clock ticks from SysTick: 24 bits, its wraps counted by the exception. */
#ifndef QMCU_COUNTER_H
#define QMCU_COUNTER_H

#include "registers.h"

static volatile uint32_t qmcu_counter_wraps;

void qmcu_systick(void);

void qmcu_systick(void)
{
    ++qmcu_counter_wraps;
}

static inline void qmcu_counter_init(void)
{
    const uintptr_t systick = qmcu_block(0xE000E010u);
    QMCU_REGISTER(systick + 0x4) = 0xFFFFFFu;
    QMCU_REGISTER(systick + 0x8) = 0;
    QMCU_REGISTER(systick) = 7; /* core clock, exception, on */
}

static inline uint64_t qmcu_counter_read(void)
{
    uint32_t wraps;
    uint32_t left;
    do {
        wraps = qmcu_counter_wraps;
        left = QMCU_REGISTER(0xE000E018u);
    } while (wraps != qmcu_counter_wraps);
    return ((uint64_t)wraps << 24) + (0xFFFFFFu - left);
}

#endif

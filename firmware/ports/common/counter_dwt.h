/* Cycles from the DWT unit: 32 bits, extended here as long as it is read once a wrap. */
#ifndef QMCU_COUNTER_H
#define QMCU_COUNTER_H

#include "registers.h"

static inline void qmcu_counter_init(void)
{
    QMCU_REGISTER(0xE000EDFCu) |= 1u << 24;   /* DEMCR.TRCENA */
    QMCU_REGISTER(0xE0001FB0u) = 0xC5ACCE55u; /* DWT_LAR: Cortex-M7 locks its DWT */
    QMCU_REGISTER(0xE0001004u) = 0;
    QMCU_REGISTER(0xE0001000u) |= 1u; /* CTRL.CYCCNTENA */
}

static inline uint64_t qmcu_counter_read(void)
{
    static uint32_t high;
    static uint32_t last;
    const uint32_t now = QMCU_REGISTER(0xE0001004u);
    if (now < last) {
        ++high;
    }
    last = now;
    return ((uint64_t)high << 32) | now;
}

#endif

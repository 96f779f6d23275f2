/* Instruction and data cache of a Cortex-M7 on. Nothing here uses DMA, so nothing goes stale. */
#ifndef QMCU_CORTEX_M7_CACHE_H
#define QMCU_CORTEX_M7_CACHE_H

#include "registers.h"

static inline void qmcu_cache_enable(void)
{
    const uintptr_t ccr = 0xE000ED14u;
    __asm volatile("dsb\n\tisb" ::: "memory");
    QMCU_REGISTER(0xE000EF50u) = 0; /* ICIALLU */
    QMCU_REGISTER(0xE000ED84u) = 0; /* CSSELR: level 1 data */
    __asm volatile("dsb" ::: "memory");
    const uint32_t size = QMCU_REGISTER(0xE000ED80u); /* CCSIDR */
    const uint32_t sets = ((size >> 13) & 0x7FFFu) + 1;
    const uint32_t ways = ((size >> 3) & 0x3FFu) + 1;
    for (uint32_t set = 0; set < sets; ++set) {
        for (uint32_t way = 0; way < ways; ++way) {
            QMCU_REGISTER(0xE000EF60u) = (way << 30) | (set << 5); /* DCISW */
        }
    }
    __asm volatile("dsb" ::: "memory");
    QMCU_REGISTER(ccr) |= (1u << 17) | (1u << 16);
    __asm volatile("dsb\n\tisb" ::: "memory");
}

#endif

/* Memory protection of a Cortex-M7: how memories outside the chip are cached, and by whom read. */
#ifndef QMCU_CORTEX_M7_MPU_H
#define QMCU_CORTEX_M7_MPU_H

#include "registers.h"

/* Attributes of MPU_RASR: XN bit 28, AP 26:24, TEX 21:19, C 17, B 16. None is executed from. */
enum {
    QMCU_MPU_NOTHING = 1 << 28,                                                 /* no access */
    QMCU_MPU_RAM = (1 << 28) | (3 << 24) | (1 << 19) | (1 << 17) | (1 << 16),   /* write back */
    QMCU_MPU_FLASH = (1 << 28) | (6 << 24) | (1 << 19) | (1 << 17) | (1 << 16), /* read only */
};

/* `size` is a power of two of at least 32, `start` a multiple of it; higher numbers win. */
static inline void qmcu_mpu_region(uint32_t number, uint32_t start, uint32_t size,
                                   uint32_t attributes)
{
    QMCU_REGISTER(0xE000ED98u) = number; /* MPU_RNR */
    QMCU_REGISTER(0xE000ED9Cu) = start;  /* MPU_RBAR */
    /* SIZE: the region has 2^(SIZE + 1) bytes. */
    QMCU_REGISTER(0xE000EDA0u) = attributes | ((uint32_t)(30 - __builtin_clz(size)) << 1) | 1u;
}

/* Whatever no region covers keeps the default memory map. */
static inline void qmcu_mpu_enable(void)
{
    __asm volatile("dsb" ::: "memory");
    QMCU_REGISTER(0xE000ED94u) = (1u << 2) | 1u; /* MPU_CTRL: PRIVDEFENA, ENABLE */
    __asm volatile("dsb\n\tisb" ::: "memory");
}

#endif

/* STM32F74x/75x with external memory: what port.c does, and FMC and QUADSPI before the caches. */
#include "stm32_port.h"

#include "cortex_m7_cache.h"
#include "stm32_external.h"
#include "stm32f_clock.h"

const qmcu_stm32_addresses qmcu_stm32 = {QMCU_RCC, QMCU_RCC_AHB1ENR, 0x40020000u};

qmcu_stm32_clocks qmcu_stm32_start(void)
{
    static const qmcu_stm32_external chip = {
        .enable = QMCU_RCC + 0x38, /* AHB3ENR */
        .fmc_clock = 1u << 0,
        .quadspi_clock = 1u << 1,
        .fmc = 0xA0000000u,
        .quadspi = 0xA0001000u,
    };
    /* Voltage scale 1; 7 wait states, prefetch and ART accelerator on. */
    const qmcu_stm32_clocks clocks = qmcu_stm32f_start(3u << 14, true, 7u | (1u << 8) | (1u << 9));
    qmcu_external_start(&chip, clocks.core_hz, clocks.core_hz);
    qmcu_cache_enable();
    return clocks;
}

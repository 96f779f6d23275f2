/* STM32F74x/75x: 216 MHz from HSE, which needs over-drive. */
#include "stm32_port.h"

#include "cortex_m7_cache.h"
#include "stm32f_clock.h"

const qmcu_stm32_addresses qmcu_stm32 = {QMCU_RCC, QMCU_RCC_AHB1ENR, 0x40020000u};

qmcu_stm32_clocks qmcu_stm32_start(void)
{
    /* Voltage scale 1; 7 wait states, prefetch and ART accelerator on. */
    const qmcu_stm32_clocks clocks = qmcu_stm32f_start(3u << 14, true, 7u | (1u << 8) | (1u << 9));
    qmcu_cache_enable();
    return clocks;
}

/* STM32F405/407: 168 MHz from HSE. */
#include "stm32_port.h"

#include "stm32f_clock.h"

const qmcu_stm32_addresses qmcu_stm32 = {QMCU_RCC, QMCU_RCC_AHB1ENR, 0x40020000u};

qmcu_stm32_clocks qmcu_stm32_start(void)
{
    /* Voltage scale 1; 5 wait states, prefetch and caches on. */
    return qmcu_stm32f_start(1u << 14, false, 5u | (1u << 8) | (1u << 9) | (1u << 10));
}

/* STM32F4: 168 MHz from HSE, 180 MHz on those that have over-drive (F42x, F43x, F446). */
#include "stm32_port.h"

#include "stm32f_clock.h"

const qmcu_stm32_addresses qmcu_stm32 = {QMCU_RCC, QMCU_RCC_AHB1ENR, 0x40020000u};

qmcu_stm32_clocks qmcu_stm32_start(void)
{
    /* Voltage scale 1; 5 wait states (RM0090 3.5.1, RM0390 3.4.1), prefetch and caches on. */
    const uint32_t scale = QMCU_OVER_DRIVE ? 3u << 14 : 1u << 14;
    return qmcu_stm32f_start(scale, QMCU_OVER_DRIVE, 5u | (1u << 8) | (1u << 9) | (1u << 10));
}

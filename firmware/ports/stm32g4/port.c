/* STM32G47x/48x (RM0440): HSE and PLL to 170 MHz in boost mode; if that fails, HSI16 alone. */
#include "stm32_port.h"

#include "board.h"
#include "stm32l_clock.h"

#define HSI_HZ 16000000u

const qmcu_stm32_addresses qmcu_stm32 = {QMCU_RCC, QMCU_RCC_AHB2ENR, 0x48000000u};

qmcu_stm32_clocks qmcu_stm32_start(void)
{
    const qmcu_stm32_clocks slow = {HSI_HZ, HSI_HZ};
    QMCU_REGISTER(QMCU_RCC_CR) |= QMCU_HSE_BYPASS ? (1u << 18) | (1u << 16) : 1u << 16;
    if (!qmcu_wait(QMCU_RCC_CR, 1u << 17, 1u << 17)) {
        return slow;
    }
    /* Boost mode is needed above 150 MHz (6.1.5), and 4 wait states at 170 MHz (5.3.3, table 29).
     * HSE / M, times N, R = / 2. */
    if (!qmcu_stm32l_start_pll(4, 3u | ((QMCU_PLL_M - 1u) << 4) | (QMCU_PLL_N << 8) | (1u << 24))) {
        return slow;
    }
    const uint32_t hz = QMCU_HSE_HZ / QMCU_PLL_M * QMCU_PLL_N / 2;
    return (qmcu_stm32_clocks){hz, hz};
}

#ifdef QMCU_ACCESS
bool qmcu_port_random(uint8_t *data, uint32_t size)
{
    return qmcu_stm32l_random(1u << 26, data, size);
}
#endif

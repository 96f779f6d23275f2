/* STM32L4+: MSI 4 MHz and PLL to 120 MHz in boost mode; if that fails, MSI alone. */
#include "stm32_port.h"

#include "board.h"
#include "stm32l_clock.h"

#define MSI_HZ 4000000u

const qmcu_stm32_addresses qmcu_stm32 = {QMCU_RCC, QMCU_RCC_AHB2ENR, 0x48000000u};

qmcu_stm32_clocks qmcu_stm32_start(void)
{
    /* 5 wait states at 120 MHz. MSI / 1, times N, R = / 2. */
    const bool fast = qmcu_stm32l_start_pll(5, 1u | (QMCU_PLL_N << 8) | (1u << 24));
    QMCU_REGISTER(QMCU_PWR_CR2) |= 1u << 9; /* IOSV: port G has a supply of its own */
    const uint32_t hz = fast ? MSI_HZ * QMCU_PLL_N / 2 : MSI_HZ;
    return (qmcu_stm32_clocks){hz, hz};
}

#ifdef QMCU_ACCESS
bool qmcu_port_random(uint8_t *data, uint32_t size)
{
    return qmcu_stm32l_random(1u << 18, data, size);
}
#endif

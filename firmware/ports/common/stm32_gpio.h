/* STM32 GPIO: a pin as alternate function, fast. */
#ifndef QMCU_STM32_GPIO_H
#define QMCU_STM32_GPIO_H

#include "registers.h"

static inline void qmcu_gpio_alternate(uintptr_t port, uint32_t pin, uint32_t function)
{
    const uintptr_t moder = port + 0x00;
    const uintptr_t ospeedr = port + 0x08;
    const uintptr_t afr = port + 0x20 + 4 * (pin / 8);
    QMCU_REGISTER(afr) =
        (QMCU_REGISTER(afr) & ~(15u << (4 * (pin % 8)))) | (function << (4 * (pin % 8)));
    QMCU_REGISTER(ospeedr) |= 2u << (2 * pin);
    QMCU_REGISTER(moder) = (QMCU_REGISTER(moder) & ~(3u << (2 * pin))) | (2u << (2 * pin));
}

#endif

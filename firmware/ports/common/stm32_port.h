/* What a family of STM32 adds to stm32_port.c: its clocks, and where its registers are. */
#ifndef QMCU_STM32_PORT_H
#define QMCU_STM32_PORT_H

#include <stdint.h>

typedef struct {
    uint32_t core_hz;
    uint32_t uart_hz;
} qmcu_stm32_clocks;

/* Addresses: RCC, its GPIO enable register, the first GPIO port (0x400 bytes each). */
typedef struct {
    uintptr_t rcc;
    uintptr_t gpio_enable;
    uintptr_t gpio;
} qmcu_stm32_addresses;

extern const qmcu_stm32_addresses qmcu_stm32;

/* Starts the fastest clock there is and tells what was reached; also the caches, if any. */
qmcu_stm32_clocks qmcu_stm32_start(void);

#endif

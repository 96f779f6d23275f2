/* The UART of Arm's MPS2 and MPS3 images (CMSDK APB UART). */
#ifndef QMCU_UART_H
#define QMCU_UART_H

#include "registers.h"

static inline void qmcu_uart_init(uintptr_t base, uint32_t clock_hz, uint32_t baud)
{
    QMCU_REGISTER(base + 0x10) = clock_hz / baud;
    QMCU_REGISTER(base + 0x08) = 3; /* transmit and receive */
}

static inline bool qmcu_uart_read(uintptr_t base, uint8_t *byte)
{
    if ((QMCU_REGISTER(base + 0x04) & 2u) == 0) {
        return false;
    }
    *byte = (uint8_t)QMCU_REGISTER(base);
    return true;
}

static inline void qmcu_uart_write(uintptr_t base, uint8_t byte)
{
    while ((QMCU_REGISTER(base + 0x04) & 1u) != 0) {
    }
    QMCU_REGISTER(base) = byte;
}

#endif

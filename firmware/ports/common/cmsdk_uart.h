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

/* The rate that comes of the divisor nearest to `baud`; 16 is the least that the UART takes. */
static inline uint32_t qmcu_uart_nearest(uint32_t clock_hz, uint32_t baud)
{
    const uint32_t divisor = clock_hz / baud;
    return divisor >= 16 ? clock_hz / divisor : 0;
}

/* Waits until everything is out: the buffer, then as long as one byte takes in the shifter. */
static inline void qmcu_uart_drain(uintptr_t base)
{
    qmcu_wait(base + 0x04, 1u, 0);
    for (volatile uint32_t left = 12 * QMCU_REGISTER(base + 0x10); left > 0; --left) {
    }
}

#endif

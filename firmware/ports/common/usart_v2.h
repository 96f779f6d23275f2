/* The STM32 USART and LPUART of F7, L4 and H7. */
#ifndef QMCU_UART_H
#define QMCU_UART_H

#include "registers.h"

/* `scale` is 1 for a USART and 256 for an LPUART. */
static inline void qmcu_uart_init(uintptr_t base, uint32_t clock_hz, uint32_t baud, uint32_t scale)
{
    /* clock_hz * scale / baud, rounded, in 32 bits. */
    QMCU_REGISTER(base + 0x0C) =
        clock_hz / baud * scale + (clock_hz % baud * scale + baud / 2) / baud;
    QMCU_REGISTER(base + 0x00) = (1u << 3) | (1u << 2) | 1u; /* CR1: TE RE UE */
}

static inline bool qmcu_uart_read(uintptr_t base, uint8_t *byte)
{
    const uint32_t status = QMCU_REGISTER(base + 0x1C);
    if ((status & (1u << 3)) != 0) {
        QMCU_REGISTER(base + 0x20) = 1u << 3; /* ICR: an overrun would stop reception */
    }
    if ((status & (1u << 5)) == 0) {
        return false;
    }
    *byte = (uint8_t)QMCU_REGISTER(base + 0x24);
    return true;
}

static inline void qmcu_uart_write(uintptr_t base, uint8_t byte)
{
    while ((QMCU_REGISTER(base + 0x1C) & (1u << 7)) == 0) {
    }
    QMCU_REGISTER(base + 0x28) = byte;
}

#endif

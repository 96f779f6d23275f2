/* The STM32 USART of F2 and F4: one status and one data register. */
#ifndef QMCU_UART_H
#define QMCU_UART_H

#include "registers.h"

/* `scale` is 1: there is no LPUART of this version. */
static inline void qmcu_uart_init(uintptr_t base, uint32_t clock_hz, uint32_t baud, uint32_t scale)
{
    (void)scale;
    QMCU_REGISTER(base + 0x08) = (clock_hz + baud / 2) / baud;        /* BRR */
    QMCU_REGISTER(base + 0x0C) = (1u << 13) | (1u << 3) | (1u << 2); /* CR1: UE TE RE */
}

static inline bool qmcu_uart_read(uintptr_t base, uint8_t *byte)
{
    /* Reading SR and then DR also clears an overrun. */
    if ((QMCU_REGISTER(base) & ((1u << 5) | (1u << 3))) == 0) {
        return false;
    }
    *byte = (uint8_t)QMCU_REGISTER(base + 0x04);
    return true;
}

static inline void qmcu_uart_write(uintptr_t base, uint8_t byte)
{
    while ((QMCU_REGISTER(base) & (1u << 7)) == 0) {
    }
    QMCU_REGISTER(base + 0x04) = byte;
}

#endif

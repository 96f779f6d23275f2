/* The STM32 USART and LPUART of F7, L4 and H7. */
#ifndef QMCU_UART_H
#define QMCU_UART_H

#include "registers.h"

static bool qmcu_uart_broken;

/* `scale` is 1 for a USART and 256 for an LPUART. */
static inline uint32_t qmcu_uart_divisor(uint32_t clock_hz, uint32_t baud, uint32_t scale)
{
    /* clock_hz * scale / baud, rounded, in 32 bits. */
    return clock_hz / baud * scale + (clock_hz % baud * scale + baud / 2) / baud;
}

/* The rate that comes of the divisor nearest to `baud`, 0 when the hardware has none such. */
static inline uint32_t qmcu_uart_nearest(uint32_t clock_hz, uint32_t baud, uint32_t scale)
{
    const uint32_t divisor = qmcu_uart_divisor(clock_hz, baud, scale);
    if (divisor < (scale == 1 ? 16u : 0x300u) || divisor > (scale == 1 ? 0xFFFFu : 0xFFFFFu)) {
        return 0;
    }
    return clock_hz / divisor * scale + clock_hz % divisor * scale / divisor;
}

static inline void qmcu_uart_init(uintptr_t base, uint32_t clock_hz, uint32_t baud, uint32_t scale)
{
    QMCU_REGISTER(base + 0x0C) = qmcu_uart_divisor(clock_hz, baud, scale);
    QMCU_REGISTER(base + 0x00) = (1u << 3) | (1u << 2) | 1u; /* CR1: TE RE UE */
}

static inline bool qmcu_uart_read(uintptr_t base, uint8_t *byte)
{
    const uint32_t status = QMCU_REGISTER(base + 0x1C);
    if ((status & (1u << 3)) != 0) {
        QMCU_REGISTER(base + 0x20) = 1u << 3; /* ICR: an overrun would stop reception */
    }
    if ((status & (1u << 1)) != 0) {
        QMCU_REGISTER(base + 0x20) = 1u << 1;
        qmcu_uart_broken = true;
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

/* Waits until the last bit is out, but not for ever, and stops: BRR may be written only then. */
static inline void qmcu_uart_stop(uintptr_t base)
{
    qmcu_wait(base + 0x1C, 1u << 6, 1u << 6);
    QMCU_REGISTER(base + 0x00) = 0;
}

#endif

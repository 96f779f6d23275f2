/* The STM32 USART of F2 and F4: one status and one data register. */
#ifndef QMCU_UART_H
#define QMCU_UART_H

#include "registers.h"

static bool qmcu_uart_broken;

/* `scale` is 1: there is no LPUART of this version. */
static inline uint32_t qmcu_uart_divisor(uint32_t clock_hz, uint32_t baud, uint32_t scale)
{
    (void)scale;
    return (clock_hz + baud / 2) / baud;
}

/* The rate that comes of the divisor nearest to `baud`, 0 when the hardware has none such. */
static inline uint32_t qmcu_uart_nearest(uint32_t clock_hz, uint32_t baud, uint32_t scale)
{
    const uint32_t divisor = qmcu_uart_divisor(clock_hz, baud, scale);
    if (divisor < 16 || divisor > 0xFFFFu) {
        return 0;
    }
    return clock_hz / divisor;
}

static inline void qmcu_uart_init(uintptr_t base, uint32_t clock_hz, uint32_t baud, uint32_t scale)
{
    QMCU_REGISTER(base + 0x08) = qmcu_uart_divisor(clock_hz, baud, scale); /* BRR */
    QMCU_REGISTER(base + 0x0C) = (1u << 13) | (1u << 3) | (1u << 2);       /* CR1: UE TE RE */
}

static inline bool qmcu_uart_read(uintptr_t base, uint8_t *byte)
{
    /* Reading SR and then DR also clears an overrun and a framing error. */
    const uint32_t status = QMCU_REGISTER(base);
    if ((status & ((1u << 5) | (1u << 3))) == 0) {
        return false;
    }
    qmcu_uart_broken |= (status & (1u << 1)) != 0;
    *byte = (uint8_t)QMCU_REGISTER(base + 0x04);
    return true;
}

static inline void qmcu_uart_write(uintptr_t base, uint8_t byte)
{
    while ((QMCU_REGISTER(base) & (1u << 7)) == 0) {
    }
    QMCU_REGISTER(base + 0x04) = byte;
}

/* Waits until the last bit is out, but not for ever, and stops. */
static inline void qmcu_uart_stop(uintptr_t base)
{
    qmcu_wait(base, 1u << 6, 1u << 6);
    QMCU_REGISTER(base + 0x0C) = 0;
}

#endif

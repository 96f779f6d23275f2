/* Arm's PrimeCell UART PL011 (its TRM, "Programmer's model"). */
#ifndef QMCU_UART_H
#define QMCU_UART_H

#include "registers.h"

/* The function of the library is 280 bytes; a divisor is some thousands at most of the rates in use. */
static inline uint32_t qmcu_uart_divided(uint32_t value, uint32_t by)
{
#ifdef __ARM_ARCH_6M__
    uint32_t times = 0;
    while (value >= by) {
        value -= by;
        ++times;
    }
    return times;
#else
    return value / by;
#endif
}

static inline void qmcu_uart_init(uintptr_t base, uint32_t clock_hz, uint32_t baud)
{
    /* The divisor of 16 * baud in 64ths, rounded: IBRD and FBRD. */
    const uint32_t divisor = qmcu_uart_divided(4u * clock_hz + baud / 2u, baud);
    base = qmcu_block(base);
    QMCU_REGISTER(base + 0x30) = 0;
    QMCU_REGISTER(base + 0x24) = divisor >> 6;
    QMCU_REGISTER(base + 0x28) = divisor & 0x3Fu;
    QMCU_REGISTER(base + 0x2C) = (3u << 5) | (1u << 4); /* 8 bits, FIFOs; latches the divisor */
    QMCU_REGISTER(base + 0x30) = (1u << 9) | (1u << 8) | 1u;
}

static inline bool qmcu_uart_read(uintptr_t base, uint8_t *byte)
{
    base = qmcu_block(base);
    if ((QMCU_REGISTER(base + 0x18) & (1u << 4)) != 0) {
        return false;
    }
    *byte = (uint8_t)QMCU_REGISTER(base);
    return true;
}

static inline void qmcu_uart_write(uintptr_t base, uint8_t byte)
{
    base = qmcu_block(base);
    while ((QMCU_REGISTER(base + 0x18) & (1u << 5)) != 0) {
    }
    QMCU_REGISTER(base) = byte;
}

#endif

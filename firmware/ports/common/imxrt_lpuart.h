/* The LPUART of NXP's i.MX RT (i.MX RT1060 Reference Manual, chapter "LPUART"), without its queues. */
#ifndef QMCU_UART_H
#define QMCU_UART_H

#include "registers.h"

static inline void qmcu_uart_init(uintptr_t base, uint32_t clock_hz, uint32_t baud)
{
    QMCU_REGISTER(base + 0x18) = 0; /* CTRL: off while it is set up; 8 bits, no parity */
    /* BAUD: OSR 15, 16 samples a bit; SBR is the rounded divisor of 16 * baud. */
    QMCU_REGISTER(base + 0x10) = (15u << 24) | ((clock_hz + 8u * baud) / (16u * baud));
    QMCU_REGISTER(base + 0x18) = (1u << 19) | (1u << 18); /* TE, RE */
}

static inline bool qmcu_uart_read(uintptr_t base, uint8_t *byte)
{
    const uint32_t status = QMCU_REGISTER(base + 0x14);
    if ((status & (1u << 19)) != 0) {
        QMCU_REGISTER(base + 0x14) = 1u << 19; /* OR: an overrun would stop reception */
    }
    if ((status & (1u << 21)) == 0) {
        return false;
    }
    *byte = (uint8_t)QMCU_REGISTER(base + 0x1C);
    return true;
}

static inline void qmcu_uart_write(uintptr_t base, uint8_t byte)
{
    while ((QMCU_REGISTER(base + 0x14) & (1u << 23)) == 0) {
    }
    QMCU_REGISTER(base + 0x1C) = byte;
}

#endif

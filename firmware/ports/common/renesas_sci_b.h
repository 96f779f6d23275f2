/* Renesas' serial interface SCI_B of the RA8 family, asynchronous, without its queues (RA8D1 Group
 * User's Manual: Hardware, "Serial Communications Interface"). */
#ifndef QMCU_UART_H
#define QMCU_UART_H

#include "registers.h"

static inline void qmcu_uart_init(uintptr_t base, uint32_t clock_hz, uint32_t baud)
{
    QMCU_REGISTER(base + 0x08) = 0;                      /* CCR0: off while it is set up */
    QMCU_REGISTER(base + 0x14) = (1u << 12) | (2u << 8); /* CCR3: LSBF, 8 bits, asynchronous */
    /* CCR2: BGDM and ABCS make 8 clocks a bit; BRR is the divisor less one; MDDR unused. */
    const uint32_t divisor = (clock_hz + 4u * baud) / (8u * baud);
    QMCU_REGISTER(base + 0x10) = (0xFFu << 24) | ((divisor - 1u) << 8) | (1u << 5) | (1u << 4) | 4u;
    QMCU_REGISTER(base + 0x0C) = 3u << 4; /* CCR1: TXD is high while TE is 0 */
    QMCU_REGISTER(base + 0x18) = 0;
    QMCU_REGISTER(base + 0x08) = (1u << 4) | 1u; /* TE, RE */
}

static inline bool qmcu_uart_read(uintptr_t base, uint8_t *byte)
{
    const uint32_t status = QMCU_REGISTER(base + 0x48);
    if ((status & (1u << 24)) != 0) {
        QMCU_REGISTER(base + 0x68) = 1u << 24; /* CFCLR: an overrun would stop reception */
    }
    if ((status & (1u << 31)) == 0) {
        return false;
    }
    *byte = (uint8_t)QMCU_REGISTER(base + 0x00);
    return true;
}

static inline void qmcu_uart_write(uintptr_t base, uint8_t byte)
{
    while ((QMCU_REGISTER(base + 0x48) & (1u << 29)) == 0) {
    }
    QMCU_REGISTER8(base + 0x04) = byte;
}

#endif

/* The UART of the Kinetis K family, whose registers are bytes (K64 RM, chapter "UART"). */
#ifndef QMCU_UART_H
#define QMCU_UART_H

#include "registers.h"

static inline void qmcu_uart_init(uintptr_t base, uint32_t clock_hz, uint32_t baud)
{
    /* The divisor of 16 * baud in 32nds, rounded: SBR and the fine adjust BRFA. */
    const uint32_t divisor = (2u * clock_hz + baud / 2u) / baud;
    QMCU_REGISTER8(base + 0x03) = 0; /* C2: off while it is set up */
    QMCU_REGISTER8(base + 0x00) = (uint8_t)((divisor >> 13) & 0x1Fu);
    QMCU_REGISTER8(base + 0x01) = (uint8_t)(divisor >> 5);
    QMCU_REGISTER8(base + 0x0A) = (uint8_t)(divisor & 0x1Fu);
    QMCU_REGISTER8(base + 0x02) = 0;                     /* C1: 8 bits, no parity */
    QMCU_REGISTER8(base + 0x03) = (1u << 3) | (1u << 2); /* TE, RE */
}

static inline bool qmcu_uart_read(uintptr_t base, uint8_t *byte)
{
    /* RDRF or OR: reading S1 and then D also clears an overrun. */
    if ((QMCU_REGISTER8(base + 0x04) & ((1u << 5) | (1u << 3))) == 0) {
        return false;
    }
    *byte = QMCU_REGISTER8(base + 0x07);
    return true;
}

static inline void qmcu_uart_write(uintptr_t base, uint8_t byte)
{
    while ((QMCU_REGISTER8(base + 0x04) & (1u << 7)) == 0) {
    }
    QMCU_REGISTER8(base + 0x07) = byte;
}

#endif

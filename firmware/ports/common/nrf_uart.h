/* The UART (the one without DMA) of nRF51 and nRF52: Product Specification, "UART". */
#ifndef QMCU_UART_H
#define QMCU_UART_H

#include "registers.h"

/* The pins as PSEL wants them: port * 32 + pin. */
static inline void qmcu_uart_init(uintptr_t base, uint32_t tx, uint32_t rx, uint32_t baud)
{
    QMCU_REGISTER(base + 0x500) = 0;           /* ENABLE: pins are chosen while it is off */
    QMCU_REGISTER(base + 0x508) = 0xFFFFFFFFu; /* PSEL.RTS: none */
    QMCU_REGISTER(base + 0x50C) = tx;
    QMCU_REGISTER(base + 0x510) = 0xFFFFFFFFu; /* PSEL.CTS: none */
    QMCU_REGISTER(base + 0x514) = rx;
    /* BAUDRATE: baud * 2^32 / 16 MHz in steps of 2^12, rounded. */
    QMCU_REGISTER(base + 0x524) =
        (uint32_t)((((uint64_t)baud << 32) / 16000000u + 0x800u) & 0xFFFFF000u);
    QMCU_REGISTER(base + 0x56C) = 0; /* CONFIG: 8 bits, no parity, 1 stop bit, no flow control */
    QMCU_REGISTER(base + 0x500) = 4;
    QMCU_REGISTER(base + 0x108) = 0;
    QMCU_REGISTER(base + 0x11C) = 0;
    QMCU_REGISTER(base + 0x000) = 1; /* STARTRX */
    QMCU_REGISTER(base + 0x008) = 1; /* STARTTX */
}

static inline bool qmcu_uart_read(uintptr_t base, uint8_t *byte)
{
    if (QMCU_REGISTER(base + 0x108) == 0) {
        return false;
    }
    /* The event first: reading RXD brings the next byte of the queue, and its event. */
    QMCU_REGISTER(base + 0x108) = 0;
    *byte = (uint8_t)QMCU_REGISTER(base + 0x518);
    return true;
}

static inline void qmcu_uart_write(uintptr_t base, uint8_t byte)
{
    QMCU_REGISTER(base + 0x11C) = 0;
    QMCU_REGISTER(base + 0x51C) = byte;
    while (QMCU_REGISTER(base + 0x11C) == 0) {
    }
}

#endif

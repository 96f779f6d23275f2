/* The UARTE of nRF53 and nRF52, which moves bytes by DMA only (nRF5340 Product Specification,
 * "UARTE"): buffers of one byte, as its queue holds what comes while one is taken. */
#ifndef QMCU_UART_H
#define QMCU_UART_H

#include "board.h"
#include "registers.h"

/* Only these rates of the register's table. */
_Static_assert(QMCU_UART_BAUD == 115200 || QMCU_UART_BAUD == 1000000, "115200 or 1000000 bit/s");
#define QMCU_UARTE_BAUDRATE (QMCU_UART_BAUD == 115200 ? 0x01D60000u : 0x10000000u)

/* What DMA reads and writes: it sees RAM alone. */
static volatile uint8_t qmcu_uarte_in;
static volatile uint8_t qmcu_uarte_out;

/* The pins as PSEL wants them: port * 32 + pin. */
static inline void qmcu_uart_init(uintptr_t base, uint32_t tx, uint32_t rx)
{
    QMCU_REGISTER(base + 0x500) = 0;           /* ENABLE: pins are chosen while it is off */
    QMCU_REGISTER(base + 0x508) = 0xFFFFFFFFu; /* PSEL.RTS: none */
    QMCU_REGISTER(base + 0x50C) = tx;
    QMCU_REGISTER(base + 0x510) = 0xFFFFFFFFu; /* PSEL.CTS: none */
    QMCU_REGISTER(base + 0x514) = rx;
    QMCU_REGISTER(base + 0x524) = QMCU_UARTE_BAUDRATE;
    QMCU_REGISTER(base + 0x56C) = 0; /* CONFIG: 8 bits, no parity, 1 stop bit, no flow control */
    QMCU_REGISTER(base + 0x534) = (uint32_t)(uintptr_t)&qmcu_uarte_in;  /* RXD.PTR */
    QMCU_REGISTER(base + 0x538) = 1;                                    /* RXD.MAXCNT */
    QMCU_REGISTER(base + 0x544) = (uint32_t)(uintptr_t)&qmcu_uarte_out; /* TXD.PTR */
    QMCU_REGISTER(base + 0x548) = 1;                                    /* TXD.MAXCNT */
    QMCU_REGISTER(base + 0x500) = 8;
    QMCU_REGISTER(base + 0x110) = 0;
    QMCU_REGISTER(base + 0x000) = 1; /* STARTRX */
}

static inline bool qmcu_uart_read(uintptr_t base, uint8_t *byte)
{
    if (QMCU_REGISTER(base + 0x110) == 0) { /* ENDRX */
        return false;
    }
    __asm volatile("dmb" ::: "memory");
    *byte = qmcu_uarte_in;
    QMCU_REGISTER(base + 0x110) = 0;
    QMCU_REGISTER(base + 0x000) = 1;
    return true;
}

static inline void qmcu_uart_write(uintptr_t base, uint8_t byte)
{
    qmcu_uarte_out = byte;
    QMCU_REGISTER(base + 0x120) = 0; /* ENDTX */
    __asm volatile("dmb" ::: "memory");
    QMCU_REGISTER(base + 0x008) = 1; /* STARTTX */
    while (QMCU_REGISTER(base + 0x120) == 0) {
    }
}

#endif

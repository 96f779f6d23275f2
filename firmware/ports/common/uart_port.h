/* The functions of port.h over a UART and the board's cycle counter. Exactly one C file includes
 * this, after the header of the UART's driver; its qmcu_port_init sets qmcu_core_hz. */
#ifndef QMCU_UART_PORT_H
#define QMCU_UART_PORT_H

#include "board.h"
#include "counter.h"
#include "port.h"

static uint32_t qmcu_core_hz;

uint32_t qmcu_port_clock_hz(void)
{
    return qmcu_core_hz;
}

bool qmcu_port_read(uint8_t *byte)
{
    return qmcu_uart_read(QMCU_UART_BASE, byte);
}

void qmcu_port_write(uint8_t byte)
{
    qmcu_uart_write(QMCU_UART_BASE, byte);
}

uint64_t qmcu_port_cycles(void)
{
    return qmcu_counter_read();
}

uint8_t qmcu_port_counter(void)
{
    return QMCU_COUNTER_KIND;
}

#endif

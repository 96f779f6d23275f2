/* Arm MPS2 and MPS3 FPGA images: the clock runs from reset, the UART is a CMSDK one. */
#include "port.h"

#include "board.h"
#include "cmsdk_uart.h"
#include "counter.h"

void qmcu_port_init(void)
{
    qmcu_cmsdk_uart_init(QMCU_UART_BASE, QMCU_CLOCK_HZ, QMCU_UART_BAUD);
    qmcu_counter_init();
}

uint32_t qmcu_port_clock_hz(void)
{
    return QMCU_CLOCK_HZ;
}

bool qmcu_port_read(uint8_t *byte)
{
    return qmcu_cmsdk_uart_read(QMCU_UART_BASE, byte);
}

void qmcu_port_write(uint8_t byte)
{
    qmcu_cmsdk_uart_write(QMCU_UART_BASE, byte);
}

uint64_t qmcu_port_cycles(void)
{
    return qmcu_counter_read();
}

uint8_t qmcu_port_counter(void)
{
    return QMCU_COUNTER_KIND;
}

/* Arm MPS2 and MPS3 FPGA images: the clock runs from reset, the UART is a CMSDK one. */
#include "cmsdk_uart.h"
#include "uart_port.h"

void qmcu_port_init(void)
{
    qmcu_core_hz = QMCU_CLOCK_HZ;
    qmcu_uart_init(QMCU_UART_BASE, QMCU_CLOCK_HZ, QMCU_UART_BAUD);
    qmcu_counter_init();
}

uint32_t qmcu_port_nearest_baud(uint32_t baud)
{
    return qmcu_uart_nearest(QMCU_CLOCK_HZ, baud);
}

void qmcu_port_set_baud(uint32_t baud)
{
    qmcu_uart_drain(QMCU_UART_BASE);
    qmcu_uart_init(QMCU_UART_BASE, QMCU_CLOCK_HZ, baud);
}

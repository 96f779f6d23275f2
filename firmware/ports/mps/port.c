/* Arm MPS2 and MPS3 FPGA images: the clock runs from reset, the UART is a CMSDK one. */
#include "cmsdk_uart.h"
#include "uart_port.h"

void qmcu_port_init(void)
{
    qmcu_core_hz = QMCU_CLOCK_HZ;
    qmcu_uart_init(QMCU_UART_BASE, QMCU_CLOCK_HZ, QMCU_UART_BAUD);
    qmcu_counter_init();
}

/* Arm MPS2 and MPS3 FPGA images: the clock runs from reset, the UART is a CMSDK one. */
#include "cmsdk_uart.h"
#include "uart_port.h"
#if QMCU_RELEASE && !defined __ARM_ARCH_8M_MAIN__ && !defined __ARM_ARCH_8_1M_MAIN__
#include "cmsdk_watchdog.h"
#include "guard.h"
#define HAS_WATCHDOG 1
#else
#define HAS_WATCHDOG 0
#endif

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

#if HAS_WATCHDOG
uint32_t qmcu_port_watchdog_start(void)
{
    qmcu_watchdog_start(QMCU_CLOCK_HZ);
    return QMCU_WATCHDOG_SECONDS * 1000;
}

void qmcu_port_watchdog_feed(void)
{
    qmcu_watchdog_feed();
}
#endif

/* The port of every STM32: pins, UART and cycle counter; the family starts the clocks. */
#include "stm32_port.h"

#include "board.h"
#include "stm32_gpio.h"
#if QMCU_UART_VERSION == 1
#include "usart_v1.h"
#else
#include "usart_v2.h"
#endif
#include "uart_port.h"
#if QMCU_RELEASE
#include "guard.h"
#include "stm32_watchdog.h"
#endif

#ifndef QMCU_UART_IS_LPUART
#define QMCU_UART_IS_LPUART 0
#endif

enum { BAUD_SCALE = QMCU_UART_IS_LPUART ? 256 : 1 };

static uint32_t uart_hz;

void qmcu_port_init(void)
{
    const qmcu_stm32_clocks clocks = qmcu_stm32_start();
    qmcu_core_hz = clocks.core_hz;
    uart_hz = clocks.uart_hz;
    QMCU_REGISTER(qmcu_stm32.gpio_enable) |= (1u << QMCU_UART_TX_PORT) | (1u << QMCU_UART_RX_PORT);
    QMCU_REGISTER(qmcu_stm32.rcc + QMCU_UART_ENABLE_OFFSET) |= 1u << QMCU_UART_ENABLE_BIT;
    qmcu_gpio_alternate(qmcu_stm32.gpio + 0x400u * QMCU_UART_TX_PORT, QMCU_UART_TX_PIN,
                        QMCU_UART_AF);
    qmcu_gpio_alternate(qmcu_stm32.gpio + 0x400u * QMCU_UART_RX_PORT, QMCU_UART_RX_PIN,
                        QMCU_UART_AF);
    qmcu_uart_init(QMCU_UART_BASE, uart_hz, QMCU_UART_BAUD, BAUD_SCALE);
    qmcu_counter_init();
}

uint32_t qmcu_port_nearest_baud(uint32_t baud)
{
    return qmcu_uart_nearest(uart_hz, baud, BAUD_SCALE);
}

void qmcu_port_set_baud(uint32_t baud)
{
    qmcu_uart_stop(QMCU_UART_BASE);
    qmcu_uart_init(QMCU_UART_BASE, uart_hz, baud, BAUD_SCALE);
}

bool qmcu_port_framing_error(void)
{
    const bool broken = qmcu_uart_broken;
    qmcu_uart_broken = false;
    return broken;
}

#if QMCU_RELEASE
uint32_t qmcu_port_watchdog_start(void)
{
    return qmcu_iwdg_start();
}

void qmcu_port_watchdog_feed(void)
{
    qmcu_iwdg_feed();
}
#endif

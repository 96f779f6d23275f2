/* STM32L4+: MSI 4 MHz and PLL to 120 MHz in boost mode; if that fails, MSI alone. */
#include "port.h"

#include "board.h"
#include "counter.h"
#include "stm32_gpio.h"
#include "usart_v2.h"

#define RCC 0x40021000u
#define RCC_CR (RCC + 0x00)
#define RCC_CFGR (RCC + 0x08)
#define RCC_PLLCFGR (RCC + 0x0C)
#define RCC_AHB2ENR (RCC + 0x4C)
#define RCC_APB1ENR1 (RCC + 0x58)
#define PWR 0x40007000u
#define PWR_CR2 (PWR + 0x04)
#define PWR_CR5 (PWR + 0x80)
#define FLASH_ACR 0x40022000u
#define MSI_HZ 4000000u
#define GPIO(port) (0x48000000u + 0x400u * (port))

static uint32_t clock_hz = MSI_HZ;

static void clock_init(void)
{
    QMCU_REGISTER(RCC_APB1ENR1) |= 1u << 28; /* PWR */
    QMCU_REGISTER(PWR_CR5) &= ~(1u << 8);    /* R1MODE: boost, needed above 80 MHz */
    /* 5 wait states at 120 MHz; prefetch and caches on. */
    QMCU_REGISTER(FLASH_ACR) = 5u | (1u << 8) | (1u << 9) | (1u << 10);
    /* MSI / 1, times N, R = / 2. */
    QMCU_REGISTER(RCC_PLLCFGR) = 1u | (QMCU_PLL_N << 8) | (1u << 24);
    QMCU_REGISTER(RCC_CR) |= 1u << 24;
    if (!qmcu_wait(RCC_CR, 1u << 25, 1u << 25)) {
        return;
    }
    /* Above 80 MHz the first microsecond runs with the bus clock halved. */
    QMCU_REGISTER(RCC_CFGR) = (8u << 4) | 3u;
    if (qmcu_wait(RCC_CFGR, 3u << 2, 3u << 2)) {
        for (volatile uint32_t delay = 0; delay < 200; ++delay) {
        }
        clock_hz = MSI_HZ * QMCU_PLL_N / 2;
    }
    QMCU_REGISTER(RCC_CFGR) &= ~(15u << 4);
}

void qmcu_port_init(void)
{
    clock_init();
    QMCU_REGISTER(PWR_CR2) |= 1u << 9; /* IOSV: port G has a supply of its own */
    QMCU_REGISTER(RCC_AHB2ENR) |= (1u << QMCU_UART_TX_PORT) | (1u << QMCU_UART_RX_PORT);
    QMCU_REGISTER(RCC + QMCU_UART_ENABLE_OFFSET) |= 1u << QMCU_UART_ENABLE_BIT;
    qmcu_gpio_alternate(GPIO(QMCU_UART_TX_PORT), QMCU_UART_TX_PIN, QMCU_UART_AF);
    qmcu_gpio_alternate(GPIO(QMCU_UART_RX_PORT), QMCU_UART_RX_PIN, QMCU_UART_AF);
    qmcu_usart_init(QMCU_UART_BASE, clock_hz, QMCU_UART_BAUD, QMCU_UART_IS_LPUART ? 256 : 1);
    qmcu_counter_init();
}

uint32_t qmcu_port_clock_hz(void)
{
    return clock_hz;
}

bool qmcu_port_read(uint8_t *byte)
{
    return qmcu_usart_read(QMCU_UART_BASE, byte);
}

void qmcu_port_write(uint8_t byte)
{
    qmcu_usart_write(QMCU_UART_BASE, byte);
}

uint64_t qmcu_port_cycles(void)
{
    return qmcu_counter_read();
}

uint8_t qmcu_port_counter(void)
{
    return QMCU_COUNTER_KIND;
}

/* STM32F74x/75x: HSE and PLL to full speed; if they do not start, the 16 MHz internal oscillator. */
#include "port.h"

#include "board.h"
#include "cortex_m7_cache.h"
#include "counter.h"
#include "stm32_gpio.h"
#include "usart_v2.h"

#define RCC 0x40023800u
#define RCC_CR (RCC + 0x00)
#define RCC_PLLCFGR (RCC + 0x04)
#define RCC_CFGR (RCC + 0x08)
#define RCC_AHB1ENR (RCC + 0x30)
#define RCC_APB1ENR (RCC + 0x40)
#define PWR 0x40007000u
#define FLASH_ACR 0x40023C00u
#define HSI_HZ 16000000u

enum { VCO_HZ = 1000000 * QMCU_PLL_N, APB1_DIVIDER = 4, APB2_DIVIDER = 2 };

static uint32_t clock_hz = HSI_HZ;

/* HSE / M = 1 MHz, times N, over 2. */
static bool start_pll(void)
{
    QMCU_REGISTER(RCC_CR) |= QMCU_HSE_BYPASS ? (1u << 18) | (1u << 16) : 1u << 16;
    if (!qmcu_wait(RCC_CR, 1u << 17, 1u << 17)) {
        return false;
    }
    QMCU_REGISTER(RCC_PLLCFGR) = (QMCU_HSE_HZ / 1000000u) | (QMCU_PLL_N << 6) | (1u << 22) |
                                 ((QMCU_PLL_N / 48u) << 24);
    QMCU_REGISTER(RCC_CR) |= 1u << 24;
    QMCU_REGISTER(PWR) |= 1u << 16; /* over-drive, needed above 180 MHz */
    qmcu_wait(PWR + 4, 1u << 16, 1u << 16);
    QMCU_REGISTER(PWR) |= 1u << 17;
    qmcu_wait(PWR + 4, 1u << 17, 1u << 17);
    return qmcu_wait(RCC_CR, 1u << 25, 1u << 25);
}

static void clock_init(void)
{
    QMCU_REGISTER(RCC_APB1ENR) |= 1u << 28; /* PWR */
    QMCU_REGISTER(PWR) |= 3u << 14; /* VOS: the highest performance */
    if (!start_pll()) {
        return;
    }
    /* 7 wait states at 216 MHz; prefetch and ART accelerator on. */
    QMCU_REGISTER(FLASH_ACR) = 7u | (1u << 8) | (1u << 9);
    QMCU_REGISTER(RCC_CFGR) = (5u << 10) | (4u << 13) | 2u; /* APB1 / 4, APB2 / 2, PLL */
    if (qmcu_wait(RCC_CFGR, 3u << 2, 2u << 2)) {
        clock_hz = VCO_HZ / 2;
    }
}

static uint32_t uart_clock_hz(void)
{
    const uint32_t divider = QMCU_UART_ON_APB2 ? APB2_DIVIDER : APB1_DIVIDER;
    return clock_hz == HSI_HZ ? HSI_HZ : clock_hz / divider;
}

void qmcu_port_init(void)
{
    clock_init();
    qmcu_cache_enable();
    QMCU_REGISTER(RCC_AHB1ENR) |= (1u << QMCU_UART_TX_PORT) | (1u << QMCU_UART_RX_PORT);
    QMCU_REGISTER(RCC + QMCU_UART_ENABLE_OFFSET) |= 1u << QMCU_UART_ENABLE_BIT;
    qmcu_gpio_alternate(0x40020000u + 0x400u * QMCU_UART_TX_PORT, QMCU_UART_TX_PIN, QMCU_UART_AF);
    qmcu_gpio_alternate(0x40020000u + 0x400u * QMCU_UART_RX_PORT, QMCU_UART_RX_PIN, QMCU_UART_AF);
    qmcu_usart_init(QMCU_UART_BASE, uart_clock_hz(), QMCU_UART_BAUD, 1);
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

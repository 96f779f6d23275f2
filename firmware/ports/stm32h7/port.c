/* STM32H74x/75x: HSI 64 MHz and PLL1 to 400 MHz (VOS1); if that fails, HSI alone. */
#include "port.h"

#include "board.h"
#include "cortex_m7_cache.h"
#include "counter.h"
#include "stm32_gpio.h"
#include "usart_v2.h"

#define RCC 0x58024400u
#define RCC_CR (RCC + 0x00)
#define RCC_CFGR (RCC + 0x10)
#define RCC_D1CFGR (RCC + 0x18)
#define RCC_D2CFGR (RCC + 0x1C)
#define RCC_D3CFGR (RCC + 0x20)
#define RCC_PLLCKSELR (RCC + 0x28)
#define RCC_PLLCFGR (RCC + 0x2C)
#define RCC_PLL1DIVR (RCC + 0x30)
#define RCC_AHB4ENR (RCC + 0xE0)
#define PWR 0x58024800u
#define PWR_CSR1 (PWR + 0x04)
#define PWR_CR3 (PWR + 0x0C)
#define PWR_D3CR (PWR + 0x18)
#define FLASH_ACR 0x52002000u
#define HSI_HZ 64000000u
#define GPIO(port) (0x58020000u + 0x400u * (port))

static uint32_t clock_hz = HSI_HZ;

static bool start_pll(void)
{
    /* The supply must be fixed (LDO, as on the Nucleo) before the voltage scale may change. */
    QMCU_REGISTER(PWR_CR3) = (QMCU_REGISTER(PWR_CR3) & ~7u) | 2u;
    qmcu_wait(PWR_CSR1, 1u << 13, 1u << 13);
    QMCU_REGISTER(PWR_D3CR) |= 3u << 14; /* VOS1 */
    if (!qmcu_wait(PWR_D3CR, 1u << 13, 1u << 13)) {
        return false;
    }
    /* HSI / 4 = 16 MHz, times N, P = / 2. */
    QMCU_REGISTER(RCC_PLLCKSELR) = 4u << 4;
    QMCU_REGISTER(RCC_PLLCFGR) = (1u << 16) | (3u << 2);
    QMCU_REGISTER(RCC_PLL1DIVR) = (QMCU_PLL_N - 1u) | (1u << 9) | (1u << 16) | (1u << 24);
    QMCU_REGISTER(RCC_CR) |= 1u << 24;
    return qmcu_wait(RCC_CR, 1u << 25, 1u << 25);
}

static void clock_init(void)
{
    if (!start_pll()) {
        return;
    }
    /* AXI at half the core clock: 2 wait states and signal delay 2 up to 210 MHz. */
    QMCU_REGISTER(FLASH_ACR) = 2u | (2u << 4);
    QMCU_REGISTER(RCC_D1CFGR) = (4u << 4) | 8u; /* AHB / 2, APB3 / 2 */
    QMCU_REGISTER(RCC_D2CFGR) = (4u << 8) | (4u << 4);
    QMCU_REGISTER(RCC_D3CFGR) = 4u << 4;
    QMCU_REGISTER(RCC_CFGR) = 3u;
    if (qmcu_wait(RCC_CFGR, 7u << 3, 3u << 3)) {
        clock_hz = HSI_HZ / 4 * QMCU_PLL_N / 2;
    }
}

void qmcu_port_init(void)
{
    clock_init();
    qmcu_cache_enable();
    QMCU_REGISTER(RCC_AHB4ENR) |= (1u << QMCU_UART_TX_PORT) | (1u << QMCU_UART_RX_PORT);
    QMCU_REGISTER(RCC + QMCU_UART_ENABLE_OFFSET) |= 1u << QMCU_UART_ENABLE_BIT;
    qmcu_gpio_alternate(GPIO(QMCU_UART_TX_PORT), QMCU_UART_TX_PIN, QMCU_UART_AF);
    qmcu_gpio_alternate(GPIO(QMCU_UART_RX_PORT), QMCU_UART_RX_PIN, QMCU_UART_AF);
    /* APB clocks are a quarter of the core's; without the PLL nothing is divided. */
    const uint32_t uart_hz = clock_hz == HSI_HZ ? HSI_HZ : clock_hz / 4;
    qmcu_usart_init(QMCU_UART_BASE, uart_hz, QMCU_UART_BAUD, 1);
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

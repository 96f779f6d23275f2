/* The external memories of an STM32 with a Cortex-M7: SDRAM on the FMC, NOR flash on QUADSPI.
 *
 * Only builds that place something there have this file, and only what they use is started. A wait
 * that ends without its event is passed over: a memory that does not answer gives wrong bytes or a
 * fault, and both are reported, where a port that waits would say nothing. */
#ifndef QMCU_STM32_EXTERNAL_H
#define QMCU_STM32_EXTERNAL_H

#include "board.h"
#include "cortex_m7_mpu.h"
#include "registers.h"
#include "stm32_gpio.h"
#include "stm32_port.h"
#include "stm32_quadspi.h"
#include "stm32_sdram.h"

/* Addresses of the RCC's enable register and the controllers, their bits, and what BCR1 adds. */
typedef struct {
    uintptr_t enable;
    uint32_t fmc_clock;
    uint32_t quadspi_clock;
    uintptr_t fmc;
    uintptr_t quadspi;
    uint32_t fmc_on;
} qmcu_stm32_external;

typedef struct {
    uint8_t port;
    uint8_t number;
    uint8_t function;
} qmcu_external_pin;

/* Pins at their fastest, without pulls. */
static inline void qmcu_external_pins(const qmcu_external_pin *pins, uint32_t count)
{
    for (uint32_t i = 0; i < count; ++i) {
        const uintptr_t port = qmcu_stm32.gpio + 0x400u * pins[i].port;
        QMCU_REGISTER(qmcu_stm32.gpio_enable) |= 1u << pins[i].port;
        qmcu_gpio_alternate(port, pins[i].number, pins[i].function);
        QMCU_REGISTER(port + 0x08) |= 3u << (2u * pins[i].number);
    }
}

/* Before the caches are enabled. `bus_hz` is the clock of AHB, and of both controllers. */
static inline void qmcu_external_start(const qmcu_stm32_external *chip, uint32_t core_hz,
                                       uint32_t bus_hz)
{
#ifdef QMCU_EXTERNAL_RAM_START
    static const qmcu_external_pin ram_pins[] = QMCU_EXTERNAL_RAM_PINS;
    QMCU_REGISTER(chip->enable) |= chip->fmc_clock;
    qmcu_external_pins(ram_pins, sizeof ram_pins / sizeof ram_pins[0]);
    qmcu_sdram_start(chip->fmc, chip->fmc_on, core_hz, bus_hz);
    /* By the default map this is a device: not cached, and faults where it is read unaligned. */
    qmcu_mpu_region(0, QMCU_EXTERNAL_RAM_START, QMCU_EXTERNAL_RAM_SIZE, QMCU_MPU_RAM);
#endif
#ifdef QMCU_EXTERNAL_FLASH_START
    static const qmcu_external_pin flash_pins[] = QMCU_EXTERNAL_FLASH_PINS;
    QMCU_REGISTER(chip->enable) |= chip->quadspi_clock;
    qmcu_external_pins(flash_pins, sizeof flash_pins / sizeof flash_pins[0]);
    /* The core may read ahead anywhere in normal memory, as QUADSPI's 256 MiB are by default; behind
     * the flash's end that would block the bus. First none of it may be read, then the flash. */
    qmcu_mpu_region(1, QMCU_EXTERNAL_FLASH_START & 0xF0000000u, 0x10000000u, QMCU_MPU_NOTHING);
    qmcu_mpu_region(2, QMCU_EXTERNAL_FLASH_START, QMCU_EXTERNAL_FLASH_SIZE, QMCU_MPU_FLASH);
    qmcu_quadspi_start(chip->quadspi, core_hz);
#endif
    (void)bus_hz;
    qmcu_mpu_enable();
}

#endif

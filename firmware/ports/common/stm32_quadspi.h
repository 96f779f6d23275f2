/* Micron's N25Q and MT25Q on an STM32's QUADSPI, mapped (RM0385, RM0433; the flash's sheet). */
#ifndef QMCU_STM32_QUADSPI_H
#define QMCU_STM32_QUADSPI_H

#include "board.h"
#include "registers.h"
#include "stm32_sdram.h"

#ifdef QMCU_EXTERNAL_FLASH_START
enum {
    QMCU_QUADSPI_CR = 0x00,
    QMCU_QUADSPI_DCR = 0x04,
    QMCU_QUADSPI_SR = 0x08,
    QMCU_QUADSPI_FCR = 0x0C,
    QMCU_QUADSPI_DLR = 0x10,
    QMCU_QUADSPI_CCR = 0x14,
    QMCU_QUADSPI_DR = 0x20,
    QMCU_NOR_RESET_ENABLE = 0x66,
    QMCU_NOR_RESET = 0x99,
    QMCU_NOR_WRITE_ENABLE = 0x06,
    QMCU_NOR_WRITE_VOLATILE = 0x81,
    QMCU_NOR_READ_FOUR_LINES = 0xEB,
};

/* An instruction on one line. */
static inline void qmcu_quadspi_command(uintptr_t base, uint32_t instruction)
{
    QMCU_REGISTER(base + QMCU_QUADSPI_FCR) = 1u << 1;
    QMCU_REGISTER(base + QMCU_QUADSPI_CCR) = (1u << 8) | instruction;
    qmcu_wait(base + QMCU_QUADSPI_SR, 1u << 1, 1u << 1); /* TCF */
    qmcu_wait(base + QMCU_QUADSPI_SR, 1u << 5, 0);       /* BUSY */
}

/* The volatile register: dummy cycles, no XIP, no wrapping; one byte for each chip. */
static inline void qmcu_quadspi_write_volatile(uintptr_t base)
{
    const uint32_t value = (QMCU_EXTERNAL_FLASH_DUMMY_CYCLES << 4) | 0xBu;
    QMCU_REGISTER(base + QMCU_QUADSPI_FCR) = 1u << 1;
    QMCU_REGISTER(base + QMCU_QUADSPI_DLR) = QMCU_EXTERNAL_FLASH_DUAL;
    QMCU_REGISTER(base + QMCU_QUADSPI_CCR) = (1u << 24) | (1u << 8) | QMCU_NOR_WRITE_VOLATILE;
    QMCU_REGISTER8(base + QMCU_QUADSPI_DR) = (uint8_t)value;
    if (QMCU_EXTERNAL_FLASH_DUAL) {
        QMCU_REGISTER8(base + QMCU_QUADSPI_DR) = (uint8_t)value;
    }
    qmcu_wait(base + QMCU_QUADSPI_SR, 1u << 1, 1u << 1);
    qmcu_wait(base + QMCU_QUADSPI_SR, 1u << 5, 0);
}

/* Resets the flash, whatever a debugger left it in, and maps it, read by four lines. */
static inline void qmcu_quadspi_start(uintptr_t base, uint32_t core_hz)
{
    QMCU_REGISTER(base + QMCU_QUADSPI_CR) = 0;
    /* FSIZE: 2^(FSIZE + 1) bytes, of both chips together. */
    QMCU_REGISTER(base + QMCU_QUADSPI_DCR) =
        ((uint32_t)(30 - __builtin_clz(QMCU_EXTERNAL_FLASH_SIZE)) << 16) |
        ((QMCU_EXTERNAL_FLASH_SELECT_HIGH_CYCLES - 1u) << 8);
    /* Samples half a cycle late, for the way through the pins. */
    QMCU_REGISTER(base + QMCU_QUADSPI_CR) = ((QMCU_EXTERNAL_FLASH_DIVIDER - 1u) << 24) |
                                            (QMCU_EXTERNAL_FLASH_DUAL << 6) | (1u << 4) | 1u;
    qmcu_quadspi_command(base, QMCU_NOR_RESET_ENABLE);
    qmcu_quadspi_command(base, QMCU_NOR_RESET);
    qmcu_spin(core_hz, 200);
    qmcu_quadspi_command(base, QMCU_NOR_WRITE_ENABLE);
    qmcu_quadspi_write_volatile(base);
    /* FMODE mapped; data and the three address bytes by four lines, the instruction by one. */
    QMCU_REGISTER(base + QMCU_QUADSPI_CCR) = (3u << 26) | (3u << 24) |
                                             (QMCU_EXTERNAL_FLASH_DUMMY_CYCLES << 18) | (2u << 12) |
                                             (3u << 10) | (1u << 8) | QMCU_NOR_READ_FOUR_LINES;
}
#endif

#endif

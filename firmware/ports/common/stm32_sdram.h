/* SDRAM on an STM32's FMC: RM0385 and RM0433, chapter FMC; initialised as JEDEC's SDRAMs want it. */
#ifndef QMCU_STM32_SDRAM_H
#define QMCU_STM32_SDRAM_H

#include "board.h"
#include "registers.h"

/* `us` microseconds or more: an iteration takes a cycle or more. */
static inline void qmcu_spin(uint32_t core_hz, uint32_t us)
{
    for (volatile uint32_t i = core_hz / 1000000u * us; i > 0; --i) {
    }
}

#ifdef QMCU_EXTERNAL_RAM_START
enum {
    QMCU_SDCR = 0x140,
    QMCU_SDTR = 0x148,
    QMCU_SDCMR = 0x150,
    QMCU_SDRTR = 0x154,
    QMCU_SDSR = 0x158,
    QMCU_SDRAM_CLOCK = 1,
    QMCU_SDRAM_PRECHARGE = 2,
    QMCU_SDRAM_REFRESH = 3,
    QMCU_SDRAM_MODE = 4,
};

/* A command of SDCMR: NRFS is one less than the refreshes, MRD the mode register. */
static inline void qmcu_sdram_command(uintptr_t fmc, uint32_t command, uint32_t refreshes,
                                      uint32_t mode)
{
    const uint32_t target = 1u << (5u - QMCU_EXTERNAL_RAM_BANK);
    QMCU_REGISTER(fmc + QMCU_SDCMR) = command | target | ((refreshes - 1u) << 5) | (mode << 9);
    qmcu_wait(fmc + QMCU_SDSR, 1u << 5, 0); /* BUSY, where there is such a bit */
}

/* `on` is what the chip's BCR1 needs besides, `bus_hz` the FMC's clock. */
static inline void qmcu_sdram_start(uintptr_t fmc, uint32_t on, uint32_t core_hz, uint32_t bus_hz)
{
    /* NC, NR, MWID, four banks, CAS; SDCLK, burst reads, RPIPE, which bank 2 takes from bank 1. */
    const uint32_t control =
        (QMCU_EXTERNAL_RAM_COLUMN_BITS - 8u) | ((QMCU_EXTERNAL_RAM_ROW_BITS - 11u) << 2) |
        ((QMCU_EXTERNAL_RAM_BUS_BITS / 16u) << 4) | (1u << 6) | (QMCU_EXTERNAL_RAM_CAS << 7) |
        (QMCU_EXTERNAL_RAM_DIVIDER << 10) | (1u << 12) | (QMCU_EXTERNAL_RAM_READ_DELAY << 13);
    const uint32_t timing =
        (QMCU_EXTERNAL_RAM_T_MRD - 1u) | ((QMCU_EXTERNAL_RAM_T_XSR - 1u) << 4) |
        ((QMCU_EXTERNAL_RAM_T_RAS - 1u) << 8) | ((QMCU_EXTERNAL_RAM_T_RC - 1u) << 12) |
        ((QMCU_EXTERNAL_RAM_T_WR - 1u) << 16) | ((QMCU_EXTERNAL_RAM_T_RP - 1u) << 20) |
        ((QMCU_EXTERNAL_RAM_T_RCD - 1u) << 24);
    for (uint32_t bank = 0; bank < QMCU_EXTERNAL_RAM_BANK; ++bank) {
        QMCU_REGISTER(fmc + QMCU_SDCR + 4u * bank) = control;
        QMCU_REGISTER(fmc + QMCU_SDTR + 4u * bank) = timing;
    }
    /* The NOR bank is on after reset, and what is read ahead in it would keep the FMC busy. */
    QMCU_REGISTER(fmc) = (QMCU_REGISTER(fmc) & ~1u) | on;
    qmcu_sdram_command(fmc, QMCU_SDRAM_CLOCK, 1, 0);
    qmcu_spin(core_hz, 200);
    qmcu_sdram_command(fmc, QMCU_SDRAM_PRECHARGE, 1, 0);
    qmcu_sdram_command(fmc, QMCU_SDRAM_REFRESH, 8, 0);
    /* Bursts of one, sequential, also when writing. */
    qmcu_sdram_command(fmc, QMCU_SDRAM_MODE, 1, (1u << 9) | (QMCU_EXTERNAL_RAM_CAS << 4));
    /* Every row once in REFRESH_MS, 20 cycles early: 108000 * 64 / 4096 - 20 = 1667. */
    const uint32_t cycles_a_ms = bus_hz / QMCU_EXTERNAL_RAM_DIVIDER / 1000u;
    const uint32_t rate =
        ((cycles_a_ms * QMCU_EXTERNAL_RAM_REFRESH_MS) >> QMCU_EXTERNAL_RAM_ROW_BITS) - 20u;
    QMCU_REGISTER(fmc + QMCU_SDRTR) = rate << 1;
}
#endif

#endif

/* The clocks and pins of RP2040 and RP2350, which differ in addresses and bits: the family's port.c
 * defines them as QMCU_RP_* and includes this, then the driver of the UART. */
#ifndef QMCU_RP2_PORT_H
#define QMCU_RP2_PORT_H

#include "board.h"
#include "registers.h"

/* Registers, from where their block begins. */
enum {
    CLK_REF_CTRL = 0x30,
    CLK_REF_SELECTED = 0x38,
    CLK_SYS_CTRL = 0x3C,
    CLK_SYS_SELECTED = 0x44,
    CLK_PERI_CTRL = 0x48,
    RESETS_DONE = 0x08,
    XOSC_STATUS = 0x04,
    XOSC_STARTUP = 0x0C,
    PLL_PWR = 0x04,
    PLL_FBDIV = 0x08,
    PLL_PRIM = 0x0C,
};

static __attribute__((noinline)) void release(uint32_t blocks)
{
    const uintptr_t resets = qmcu_block(QMCU_RP_RESETS);
    QMCU_REGISTER(resets) &= ~blocks;
    qmcu_wait(resets + RESETS_DONE, blocks, blocks);
}

/* XOSC: 12 MHz range, about 1 ms to start. */
static bool start_crystal(void)
{
    const uintptr_t crystal = qmcu_block(QMCU_RP_XOSC);
    QMCU_REGISTER(crystal + XOSC_STARTUP) = QMCU_XTAL_HZ / 256000u;
    QMCU_REGISTER(crystal) = (0xFABu << 12) | 0xAA0u;
    return qmcu_wait(crystal + XOSC_STATUS, 1u << 31, 1u << 31);
}

/* PLL: crystal times FBDIV, 750 to 1600 MHz, over two dividers. */
static bool start_pll(void)
{
    const uintptr_t pll = qmcu_block(QMCU_RP_PLL_SYS);
    release(QMCU_RP_RESET_PLL_SYS);
    QMCU_REGISTER(pll) = 1; /* REFDIV */
    QMCU_REGISTER(pll + PLL_FBDIV) = QMCU_PLL_MULTIPLY;
    QMCU_REGISTER(pll + PLL_PWR) &= ~((1u << 5) | 1u); /* VCOPD, PD */
    if (!qmcu_wait(pll, 1u << 31, 1u << 31)) {
        return false;
    }
    QMCU_REGISTER(pll + PLL_PRIM) = (QMCU_PLL_DIVIDE_1 << 16) | (QMCU_PLL_DIVIDE_2 << 12);
    QMCU_REGISTER(pll + PLL_PWR) &= ~(1u << 3); /* POSTDIVPD */
    return true;
}

/* Clocks: clk_ref from the crystal; clk_sys from clk_ref, then from its other input, the PLL. */
static uint32_t start_clocks(void)
{
    const uintptr_t clocks = qmcu_block(QMCU_RP_CLOCKS);
    if (!start_crystal()) {
        return QMCU_RP_RING_HZ;
    }
    QMCU_REGISTER(clocks + CLK_SYS_CTRL) = 0;
    qmcu_wait(clocks + CLK_SYS_SELECTED, 1, 1);
    QMCU_REGISTER(clocks + CLK_REF_CTRL) = 2;
    if (!qmcu_wait(clocks + CLK_REF_SELECTED, 1u << 2, 1u << 2)) {
        return QMCU_RP_RING_HZ;
    }
    if (!start_pll()) {
        return QMCU_XTAL_HZ;
    }
    QMCU_REGISTER(clocks + CLK_SYS_CTRL) = 1; /* AUXSRC 0: PLL_SYS */
    if (!qmcu_wait(clocks + CLK_SYS_SELECTED, 1u << 1, 1u << 1)) {
        return QMCU_XTAL_HZ;
    }
    return QMCU_XTAL_HZ * QMCU_PLL_MULTIPLY / (QMCU_PLL_DIVIDE_1 * QMCU_PLL_DIVIDE_2);
}

/* 0x56 is the RP2040's reset value, input on, 4 mA; an RP2350's has ISO, the isolation, besides. */
static void connect(uint32_t pin)
{
    QMCU_REGISTER(qmcu_block(QMCU_RP_IO_BANK0) + 8u * pin + 4u) = QMCU_UART_AF;
    QMCU_REGISTER(qmcu_block(QMCU_RP_PADS_BANK0) + 4u + 4u * pin) = 0x56;
}

static void start_peripherals(void)
{
    QMCU_REGISTER(QMCU_RP_CLOCKS + CLK_PERI_CTRL) = 1u << 11; /* ENABLE; AUXSRC 0: clk_sys */
    release(QMCU_RP_RESET_PERIPHERALS);
}

#endif

#ifndef QMCU_REGISTERS_H
#define QMCU_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#define QMCU_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define QMCU_REGISTER16(address) (*(volatile uint16_t *)(uintptr_t)(address))
#define QMCU_REGISTER8(address) (*(volatile uint8_t *)(uintptr_t)(address))

/* `base` as a number that the compiler knows nothing of, for blocks of registers: Cortex-M0+ would have the
 * address of each in four bytes of its own. */
static inline uintptr_t qmcu_block(uintptr_t base)
{
    __asm("" : "+r"(base));
    return base;
}

/* Waits, but not for ever, until register & mask == value: emulators model few clocks. */
static inline bool qmcu_wait(uintptr_t address, uint32_t mask, uint32_t value)
{
    for (uint32_t i = 0; i < 100000u; ++i) {
        if ((QMCU_REGISTER(address) & mask) == value) {
            return true;
        }
    }
    return false;
}

#endif

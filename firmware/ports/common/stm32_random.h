/* The generator of random numbers (RNG) of STM32, for the nonces of sessions: noise of analogue
 * oscillators, tested by the chip. The reference manuals' chapters "Random number generator" of F4
 * (RM0090), F7 (RM0385, RM0410), L4+ (RM0432), G4 (RM0440), H7 (RM0433) and U5 (RM0456) agree on
 * what is used here; further configuration, which U5 has, stays what it is after reset.
 * The family starts its clocks, of at most 48 MHz, before. No chip has run it: its steps are
 * tested with the registers modelled. */
#ifndef QMCU_STM32_RANDOM_H
#define QMCU_STM32_RANDOM_H

#include "access.h"
#include "registers.h"

#include <string.h>

enum {
    QMCU_RNG_CR = 0x00, /* bit 2: RNGEN */
    QMCU_RNG_SR = 0x04,
    QMCU_RNG_DR = 0x08,
    QMCU_RNG_READY = 1,
    QMCU_RNG_ERRORS =
        0x66, /* CECS, SECS, CEIS, SEIS: too slow a clock, a bad seed, now or before */
    /* A word takes some 40 cycles of 48 MHz on F4, the first of U5 some thousand. */
    QMCU_RNG_POLLS = 20000,
};

/* HSI48 by its bit in `control`, behind which stands the one that says that it is ready. */
static inline bool qmcu_stm32_start_hsi48(uintptr_t control, uint32_t on)
{
    QMCU_REGISTER(control) |= on;
    return qmcu_wait(control, on << 1, on << 1);
}

/* A word of 0 is what is read where there is none. */
static bool qmcu_rng_word(uintptr_t rng, uint32_t *word)
{
    for (uint32_t i = 0; i < QMCU_RNG_POLLS; ++i) {
        const uint32_t status = QMCU_REGISTER(rng + QMCU_RNG_SR);
        if ((status & QMCU_RNG_ERRORS) != 0) {
            return false;
        }
        if ((status & QMCU_RNG_READY) != 0) {
            *word = QMCU_REGISTER(rng + QMCU_RNG_DR);
            return *word != 0;
        }
    }
    return false;
}

/* False where it does not come up, tells an error, or gives a word twice running: the first word is
 * compared only, as the manuals ask for (FIPS 140-2). An error is cleared at the next call. */
static inline bool qmcu_stm32_random(uintptr_t rng, uint8_t *data, uint32_t size)
{
    uint32_t before = 0;
    QMCU_REGISTER(rng + QMCU_RNG_SR) = 0;
    QMCU_REGISTER(rng + QMCU_RNG_CR) |= 1u << 2;
    bool good = qmcu_rng_word(rng, &before);
    for (uint32_t at = 0; good && at < size; at += sizeof before) {
        uint32_t word = before;
        good = qmcu_rng_word(rng, &word) && word != before;
        before = word;
        memcpy(data + at, &word, size - at < sizeof word ? size - at : sizeof word);
    }
    QMCU_REGISTER(rng + QMCU_RNG_CR) &= ~(1u << 2);
    return good;
}

#endif

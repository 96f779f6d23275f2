#include "dot_4_dsp.h"

#include "rounds_dsp.h"

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define STEP                           \
    "ldr r8, [r0], #4\n\t"             \
    "ldm r1!, {r3, r10, r11, r12}\n\t" \
    "sxtb16 r9, r8, ror #8\n\t"        \
    "sxtb16 r8, r8\n\t" QMCU_FILTERS

__attribute__((naked)) void qmcu_dot_4_dsp(const int8_t *input, const int8_t *weights,
                                           int32_t steps, int32_t *sums)
{
    QMCU_ROUNDS(STEP);
}

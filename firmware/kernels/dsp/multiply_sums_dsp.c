#include "multiply_sums_dsp.h"

#include "rounds_dsp.h"

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* Two sums of a filter; its bytes may lie anywhere. */
#define FILTER(WEIGHTS, A, B)                \
    "ldr r3, [" WEIGHTS "], #4\n\t"          \
    "sxtb16 lr, r3\n\t"                      \
    "smlad " A ", lr, r8, " A "\n\t"         \
    "smlad " B ", lr, r10, " B "\n\t"        \
    "sxtb16 r3, r3, ror #8\n\t"              \
    "smlad " A ", r3, r9, " A "\n\t"         \
    "smlad " B ", r3, r11, " B "\n\t"
/* r0 columns, r1 and r12 weights, r2 steps left, r4 to r7 sums; 15 instructions for 16 products. */
#define STEP "ldm r0!, {r8-r11}\n\t" FILTER("r1", "r4", "r5") FILTER("r12", "r6", "r7")

__attribute__((naked)) void qmcu_multiply_sums_dsp(const uint32_t *columns,
                                                   const int8_t *const weights[2], int32_t steps,
                                                   int32_t *sums)
{
    __asm("ldrd r1, r12, [r1]");
    QMCU_ROUNDS(STEP);
}

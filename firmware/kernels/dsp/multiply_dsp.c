/* In assembly, since the compiler does not find the one assignment of the 14 registers that needs
   no spill: 14 or 11 instructions for the 16 products of a step. */
#include "multiply_dsp.h"

#include "output_dsp.h"
#include "rounds_dsp.h"

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* Inside a step: r0 columns, r1 weights, r2 steps left, r4 to r7 sums of (filter, column) (0, 0),
   (0, 1), (1, 0), (1, 1). On the stack: columns, steps, channels; beyond what was pushed: filters
   left, first, second. Steps go by four, then one by one. */
/* clang-format off */
#define QMCU_MULTIPLY(STEP)                  \
    __asm(                                   \
        "push {r0, r2, r3, r4-r11, lr}\n\t"  \
        "0: ldrd r0, r2, [sp]\n\t"           \
        "ldr r3, [sp, #8]\n\t"               \
        "ldr r4, [r3]\n\t"                   \
        "ldr r6, [r3, #16]\n\t"              \
        "mov r5, r4\n\t"                     \
        "mov r7, r6\n\t"                     \
        QMCU_STEPS(STEP)                     \
        "ldrd r0, r2, [sp, #52]\n\t"         \
        "ldr r3, [sp, #8]\n\t"               \
        "ldr r12, [sp, #48]\n\t"             \
        "adds r3, r3, #4\n\t"                \
        "ldm r3!, {r8, r9, r10}\n\t"         \
        QMCU_OUTPUT("r4", "r8", "r9", "r10") \
        QMCU_OUTPUT("r5", "r8", "r9", "r10") \
        "strb r5, [r2], #1\n\t"              \
        "strb r4, [r0], #1\n\t"              \
        "subs r12, r12, #2\n\t"              \
        "blt 5f\n\t"                         \
        "adds r3, r3, #4\n\t"                \
        "ldm r3!, {r8, r9, r10}\n\t"         \
        QMCU_OUTPUT("r6", "r8", "r9", "r10") \
        QMCU_OUTPUT("r7", "r8", "r9", "r10") \
        "strb r7, [r2], #1\n\t"              \
        "strb r6, [r0], #1\n\t"              \
        "str r3, [sp, #8]\n\t"               \
        "str r12, [sp, #48]\n\t"             \
        "strd r0, r2, [sp, #52]\n\t"         \
        "cmp r12, #0\n\t"                    \
        "bgt 0b\n\t"                         \
        "5: add sp, sp, #12\n\t"             \
        "pop {r4-r11, pc}")
/* clang-format on */

__attribute__((naked)) void qmcu_multiply_s8(const uint32_t *columns, const int8_t *weights,
                                             uint32_t steps, const qmcu_channel *channels,
                                             int32_t filters, int8_t *first, int8_t *second)
{
    QMCU_MULTIPLY("ldm r0!, {r8-r11}\n\t"
                  "ldrd r3, r12, [r1], #8\n\t"
                  "sxtb16 lr, r3\n\t"
                  "smlad r4, lr, r8, r4\n\t"
                  "smlad r5, lr, r10, r5\n\t"
                  "sxtb16 r3, r3, ror #8\n\t"
                  "smlad r4, r3, r9, r4\n\t"
                  "smlad r5, r3, r11, r5\n\t"
                  "sxtb16 lr, r12\n\t"
                  "smlad r6, lr, r8, r6\n\t"
                  "smlad r7, lr, r10, r7\n\t"
                  "sxtb16 r12, r12, ror #8\n\t"
                  "smlad r6, r12, r9, r6\n\t"
                  "smlad r7, r12, r11, r7\n\t");
}

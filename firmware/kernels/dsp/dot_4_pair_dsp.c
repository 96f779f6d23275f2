#include "dot_4_pair_dsp.h"

#include "quad_pair_code_dsp.h"

/* A naked function uses its parameters in the registers where they arrive. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

__attribute__((naked)) void qmcu_dot_4_pair_dsp(const int8_t *input, const int8_t *weights,
                                                int32_t steps, int32_t *sums)
{
    /* On the stack: where the input ends, where the sums are. What is no whole 8 values, and no whole 16,
       comes first. */
    /* clang-format off */
    __asm(
        "push {r3-r11, lr}\n\t"
        "ldm r3, {r4-r7}\n\t"
        "add r3, r0, r2, lsl #2\n\t"
        "push {r3}\n\t"
        "lsls r3, r2, #31\n\t"
        "beq.n 0f\n\t"
        "ldr r8, [r0], #4\n\t"
        "sxtb16 r9, r8, ror #8\n\t"
        "sxtb16 r8, r8\n\t"
        QMCU_QUAD_HALF("r8", "r9")
        "0: ldr r2, [sp]\n\t"
        "subs r2, r2, r0\n\t"
        "beq.w 3f\n\t"
        "lsls r2, r2, #28\n\t"
        "bmi.w 2f\n"
        "1:\n\t"
        QMCU_QUAD_STEP
        "2:\n\t"
        QMCU_QUAD_STEP
        "ldr r2, [sp]\n\t"
        "cmp r0, r2\n\t"
        "bne.w 1b\n"
        "3: ldr r3, [sp, #4]\n\t"
        "subs r4, r4, r5\n\t"
        "asrs r4, r4, #8\n\t"
        "subs r6, r6, r7\n\t"
        "asrs r6, r6, #8\n\t"
        "strd r5, r4, [r3]\n\t"
        "strd r7, r6, [r3, #8]\n\t"
        "add sp, sp, #8\n\t"
        "pop {r4-r11, pc}");
    /* clang-format on */
}

/* The code around the steps of multiply_pair_code_dsp.h and multiply_wide_code_dsp.h. */
#ifndef QMCU_MULTIPLY_CODE_DSP_H
#define QMCU_MULTIPLY_CODE_DSP_H

/* SUM is twice the sum */
#define QMCU_RUN_OUTPUT(SUM, TO)         \
    "smmlar r11, " SUM ", r8, r9\n\t"    \
    "add r11, r11, " SUM ", asr #31\n\t" \
    "asr r11, r11, r10\n\t"              \
    "ssat r11, #8, r11\n\t"              \
    "strb r11, " TO "\n\t"

/* The same for any multiplier. With left and s the exponents of a shift to the left and of the
   rounding division, r9 is 2^s + (output zero point << (s + 1)), r10 is s + 1 in the lowest byte, the
   only one that shifts look at, and left above it. With h = (SUM * 2^left * multiplier + 2^31) >> 32,
   2 h leaves room for the sign, which turns ties away from zero, where s is 0 too. */
#define QMCU_RUN_OUTPUT_STEEP(SUM, TO)   \
    "lsr r11, r10, #8\n\t"               \
    "lsl " SUM ", " SUM ", r11\n\t"      \
    "smmulr r11, " SUM ", r8\n\t"        \
    "add r11, r9, r11, lsl #1\n\t"       \
    "add r11, r11, " SUM ", asr #31\n\t" \
    "asr r11, r11, r10\n\t"              \
    "ssat r11, #8, r11\n\t"              \
    "strb r11, " TO "\n\t"

/* The whole of a naked function of a qmcu_multiply_run (r0) and weights (r1). STEP multiplies 8
   values: r0 columns, r1 weights, r4 and r5 sums of the second filter of the pair (or joint ones)
   for columns 0 and 1, r6 and r7 of the first, all others free. SUMS makes twice the four sums,
   OUTPUT stores an output byte. */
/* clang-format off */
#define QMCU_MULTIPLY_RUN(STEP, SUMS, OUTPUT) \
    __asm(                                    \
        "push {r4-r11, lr}\n\t"               \
        "ldm r0, {r2-r8}\n\t"                 \
        "adr.w r9, 2f\n\t"                    \
        "sub r8, r9, r8\n\t"                  \
        "orr r8, r8, #1\n\t"                  \
        "push {r2-r8}\n\t"                    \
        "b 0f\n\t"                            \
        ".p2align 2\n"                        \
        "1:\n\t"                              \
        STEP STEP STEP STEP                   \
        "2: ldr r2, [sp, #16]\n\t"            \
        "cmp r0, r2\n\t"                      \
        "bne 1b\n\t"                          \
        "ldrd r0, r3, [sp]\n\t"               \
        "ldr r2, [sp, #8]\n\t"                \
        SUMS                                  \
        "ldm r3!, {r8-r10}\n\t"               \
        OUTPUT("r7", "[r0, r2]")              \
        OUTPUT("r6", "[r0], #1")              \
        "ldr r12, [sp, #20]\n\t"              \
        "subs r12, r12, #2\n\t"               \
        "blt 4f\n\t"                          \
        "str r12, [sp, #20]\n\t"              \
        "ldm r3!, {r8-r10}\n\t"               \
        OUTPUT("r5", "[r0, r2]")              \
        OUTPUT("r4", "[r0], #1")              \
        "beq 4f\n\t"                          \
        "adds r3, r3, #8\n\t"                 \
        "strd r0, r3, [sp]\n"                 \
        "0: ldr r3, [sp, #4]\n\t"             \
        "ldr r0, [sp, #12]\n\t"               \
        "ldrd r4, r6, [r3, #24]\n\t"          \
        "mov r5, r4\n\t"                      \
        "mov r7, r6\n\t"                      \
        "ldr pc, [sp, #24]\n"                 \
        "4: add sp, sp, #28\n\t"              \
        "pop {r4-r11, pc}")
/* clang-format on */

#endif

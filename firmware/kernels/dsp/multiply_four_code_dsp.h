/* 2 filters x 4 columns. A halfword of a column's words holds (x0 + 128) + 256 * x1 of two columns, so
   one SMLAD does 4 products. With sums s0 to s3 of a filter, three joint sums are enough for all four:
     j0 = s0 + 256 * s1, j1 = s1 + 256 * s2, j2 = s2 + 256 * s3 (mod 2^32)
     j0 - 256 * j1 + 65536 * j2 = s0 + 2^24 * s3
   whose low 24 bits are s0 while |s0| < 2^23; then s1 = (j0 - s0) / 256 and so on. The 128 are in what
   the sums begin with: bias + 256 * bias - 128 * (the filter's weights added up). 19 instructions for
   32 products. */
#ifndef QMCU_MULTIPLY_FOUR_CODE_DSP_H
#define QMCU_MULTIPLY_FOUR_CODE_DSP_H

#include "multiply_code_dsp.h"

#define QMCU_FOUR_STEP_CODE 76 /* bytes */

/* Multiplier, rounding and shift of a filter to r8 to r10, from r1 on. No flags change. */
#ifndef QMCU_FOUR_SCALE
#define QMCU_FOUR_SCALE "ldm r1!, {r8-r10}\n\t"
#endif

/* Three sums of one filter. */
#define QMCU_FOUR_SUMS(W, A, B, C)      \
    "smlad " A ", r8, " W ", " A "\n\t" \
    "smlad " B ", r9, " W ", " B "\n\t" \
    "smlad " C ", r10, " W ", " C "\n\t"
/* 4 values: r0 columns, r1 filters, r3 to r5 joint sums of the first one, r6, r7 and lr of the other. */
#define QMCU_FOUR_STEP                                                                           \
    "ldm r0!, {r8-r10}\n\t"                                                                      \
    "ldm r1!, {r11, r12}\n\t"                                                                    \
    "sxtb16 r2, r11\n\t" QMCU_FOUR_SUMS("r2", "r3", "r4", "r5")                                  \
    "sxtb16 r2, r12\n\t" QMCU_FOUR_SUMS("r2", "r6", "r7", "lr")                                  \
    "ldm r0!, {r8-r10}\n\t"                                                                      \
    "sxtb16 r11, r11, ror #8\n\t" QMCU_FOUR_SUMS("r11", "r3", "r4", "r5")                        \
    "sxtb16 r12, r12, ror #8\n\t" QMCU_FOUR_SUMS("r12", "r6", "r7", "lr")
/* The bytes of one filter: twice the sums to r12, A, B and C; r0 where the first one goes. No flags
   change. */
#define QMCU_FOUR_OUTPUTS(OUTPUT, A, B, C)                                                       \
    "rsb r12, " B ", " C ", lsl #8\n\t"                                                          \
    "add r12, " A ", r12, lsl #8\n\t"                                                            \
    "lsl r12, r12, #8\n\t"                                                                       \
    "asr r12, r12, #7\n\t"                                                                       \
    "sub " A ", " A ", r12, asr #1\n\t"                                                          \
    "asr " A ", " A ", #7\n\t"                                                                   \
    "sub " B ", " B ", " A ", asr #1\n\t"                                                        \
    "asr " B ", " B ", #7\n\t"                                                                   \
    "sub " C ", " C ", " B ", asr #1\n\t"                                                        \
    "asr " C ", " C ", #7\n\t"                                                                   \
    QMCU_FOUR_SCALE                                                                              \
    "ldr r2, [sp, #12]\n\t" OUTPUT(C, "[r0, r2]")                                                \
    "ldr r2, [sp, #8]\n\t" OUTPUT(B, "[r0, r2]")                                                 \
    "ldr r2, [sp, #4]\n\t" OUTPUT(A, "[r0, r2]") OUTPUT("r12", "[r0], #1")

/* The whole of a naked function of a qmcu_four_run (r0) and filters (r1). */
#define QMCU_MULTIPLY_FOUR(OUTPUT)                                                               \
    __asm("push {r4-r11, lr}\n\t"                                                                \
          "ldm r0, {r2-r9}\n\t"                                                                  \
          "adr.w r10, 2f\n\t"                                                                    \
          "sub r9, r10, r9\n\t"                                                                  \
          "orr r9, r9, #1\n\t"                                                                   \
          "push {r2-r9}\n\t"                                                                     \
          "b 0f\n\t"                                                                             \
          ".p2align 2\n"                                                                         \
          "1:\n\t" QMCU_FOUR_STEP QMCU_FOUR_STEP QMCU_FOUR_STEP QMCU_FOUR_STEP                   \
          "2: ldr r2, [sp, #20]\n\t"                                                             \
          "cmp r0, r2\n\t"                                                                       \
          "bne 1b\n\t"                                                                           \
          "ldr r0, [sp]\n\t" QMCU_FOUR_OUTPUTS(OUTPUT, "r3", "r4", "r5")                         \
          "ldr r12, [sp, #24]\n\t"                                                               \
          "subs r12, r12, #2\n\t"                                                                \
          "blt 4f\n\t"                                                                           \
          "str r12, [sp, #24]\n\t" QMCU_FOUR_OUTPUTS(OUTPUT, "r6", "r7", "lr")                   \
          "beq 4f\n\t"                                                                           \
          "str r0, [sp]\n"                                                                       \
          "0: ldr r0, [sp, #16]\n\t"                                                             \
          "ldrd r3, r6, [r1], #8\n\t"                                                            \
          "mov r4, r3\n\t"                                                                       \
          "mov r5, r3\n\t"                                                                       \
          "mov r7, r6\n\t"                                                                       \
          "mov lr, r6\n\t"                                                                       \
          "ldr pc, [sp, #28]\n"                                                                  \
          "4: add sp, sp, #32\n\t"                                                               \
          "pop {r4-r11, pc}")

/* The same of column 0 alone: where column 1 is the same, j0 = 257 * s0, and 0xFF00FF01 is the inverse of
   257 mod 2^32. 13 instructions for 8 products. r2 output, r3 and r4 sums, r6 columns, r7 their end. */
#define QMCU_MULTIPLY_ONE(OUTPUT)                                                                \
    __asm("push {r4-r11, lr}\n\t"                                                                \
          "ldm r0, {r2-r8}\n\t"                                                                  \
          "push {r8}\n"                                                                          \
          "0: ldrd r3, r4, [r1], #8\n\t"                                                         \
          "mov r0, r6\n"                                                                         \
          "1: ldr r8, [r0], #12\n\t"                                                             \
          "ldr r9, [r0], #12\n\t"                                                                \
          "ldm r1!, {r10, r11}\n\t"                                                              \
          "sxtb16 r12, r10\n\t"                                                                  \
          "smlad r3, r8, r12, r3\n\t"                                                            \
          "sxtb16 r10, r10, ror #8\n\t"                                                          \
          "smlad r3, r9, r10, r3\n\t"                                                            \
          "sxtb16 r12, r11\n\t"                                                                  \
          "smlad r4, r8, r12, r4\n\t"                                                            \
          "sxtb16 r11, r11, ror #8\n\t"                                                          \
          "smlad r4, r9, r11, r4\n\t"                                                            \
          "cmp r0, r7\n\t"                                                                       \
          "bne 1b\n\t"                                                                           \
          "movw r12, #0xFE02\n\t"                                                                \
          "movt r12, #0xFE01\n\t"                                                                \
          "mul r3, r3, r12\n\t"                                                                  \
          "mul r4, r4, r12\n\t"                                                                  \
          QMCU_FOUR_SCALE OUTPUT("r3", "[r2], #1")                                               \
          "ldr r12, [sp]\n\t"                                                                    \
          "subs r12, r12, #2\n\t"                                                                \
          "blt 2f\n\t"                                                                           \
          "str r12, [sp]\n\t"                                                                    \
          QMCU_FOUR_SCALE OUTPUT("r4", "[r2], #1")                                               \
          "bne 0b\n"                                                                             \
          "2: add sp, sp, #4\n\t"                                                                \
          "pop {r4-r11, pc}")

#endif

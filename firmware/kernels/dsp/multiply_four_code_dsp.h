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
/* The same from what all of them begin with, in A. */
#define QMCU_FOUR_BEGIN(W, A, B, C)      \
    "smlad " C ", r10, " W ", " A "\n\t" \
    "smlad " B ", r9, " W ", " A "\n\t"  \
    "smlad " A ", r8, " W ", " A "\n\t"
/* 4 values: r0 columns, r1 filters, r3 to r5 joint sums of the first one, r6, r7 and lr of the other. */
#define QMCU_FOUR_STEP_OF(FIRST)                                                                 \
    "ldm r0!, {r8-r10}\n\t"                                                                      \
    "ldm r1!, {r11, r12}\n\t"                                                                    \
    "sxtb16 r2, r11\n\t" FIRST("r2", "r3", "r4", "r5")                                           \
    "sxtb16 r2, r12\n\t" FIRST("r2", "r6", "r7", "lr")                                           \
    "ldm r0!, {r8-r10}\n\t"                                                                      \
    "sxtb16 r11, r11, ror #8\n\t" QMCU_FOUR_SUMS("r11", "r3", "r4", "r5")                        \
    "sxtb16 r12, r12, ror #8\n\t" QMCU_FOUR_SUMS("r12", "r6", "r7", "lr")
#define QMCU_FOUR_STEP QMCU_FOUR_STEP_OF(QMCU_FOUR_SUMS)
/* Twice the sums of one filter to r12, A, B and C, its scale to r8 to r10. No flags change. */
#define QMCU_FOUR_APART(A, B, C)                                                                 \
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
    QMCU_FOUR_SCALE

/* The whole of a naked function of a qmcu_four_run (r0) and filters (r1). r0 is where a filter's first
   output goes; of offsets as many are loaded as registers are free. */
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
          "ldr r0, [sp, #12]\n\t" QMCU_FOUR_APART("r3", "r4", "r5")                              \
          "ldr r2, [sp, #8]\n\t" OUTPUT("r5", "[r0, r2]")                                        \
          "ldrd r2, r5, [sp]\n\t" OUTPUT("r4", "[r0, r5]") OUTPUT("r3", "[r0, r2]")              \
          OUTPUT("r12", "[r0], #1")                                                              \
          "ldr r12, [sp, #24]\n\t"                                                               \
          "subs r12, r12, #2\n\t"                                                                \
          "blt 4f\n\t"                                                                           \
          "str r12, [sp, #24]\n\t" QMCU_FOUR_APART("r6", "r7", "lr")                             \
          "ldm sp, {r3-r5}\n\t" OUTPUT("lr", "[r0, r5]") OUTPUT("r7", "[r0, r4]")                \
          OUTPUT("r6", "[r0, r3]") OUTPUT("r12", "[r0], #1")                                     \
          "beq 4f\n\t"                                                                           \
          "str r0, [sp, #12]\n"                                                                  \
          "0: ldr r0, [sp, #16]\n\t"                                                             \
          "ldrd r3, r6, [r1], #8\n\t" QMCU_FOUR_STEP_OF(QMCU_FOUR_BEGIN)                         \
          "ldr pc, [sp, #28]\n"                                                                  \
          "4: add sp, sp, #32\n\t"                                                               \
          "pop {r4-r11, pc}")

/* The same of column 0 alone: where column 1 is the same, j0 = 257 * s0, and 0xFF00FF01 is the inverse of
   257 mod 2^32. 13 instructions for 8 products. r2 output, r3 and r4 sums, r6 columns, r7 their end. */
#define QMCU_MULTIPLY_ONE(OUTPUT)                                                                \
    __asm("push {r4-r11, lr}\n\t"                                                                \
          "ldm r0, {r2-r8}\n\t"                                                                  \
          "mov r2, r5\n\t"                                                                       \
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

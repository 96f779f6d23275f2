/* pixels_scalar.h for Cortex-M3. */
#ifndef QMCU_PIXELS_V7M_SCALAR_H
#define QMCU_PIXELS_V7M_SCALAR_H

#include "pixels_scalar.h"
#include "uses_scalar.h"

/* To the windows that are not packed, if there are others. */
#if QMCU_USES_PACKED
#define NOT_PACKED "ble 10f\n\t"
#else
#define NOT_PACKED "b 10f\n"
#endif

/* The sums of the four pixels are in r2, r12, r3 and lr, pixels in r10. */

/* One product of the byte in r7; windows r0, r1, r4, r5, filter r6, all by their ends, r9 the place in
   the run from -run up to 0, r11 the step: 9 instructions a byte and four products. */
#define PRODUCT(FROM, SUM)         \
    "ldrsb r8, [" FROM ", r9]\n\t" \
    "mla " SUM ", r8, r7, " SUM "\n\t"

/* qmcu_scalar_output of SUM by twice the multiplier, less 2^32, in r4, r5 = -1 - shift, r6 = 2 * zero point
   + 1, r0 = 2^31, in place: the sum in the upper word makes good for the 2^32, its sign for ties. */
#define OUTPUT(SUM)                              \
    "mov r9, r0\n\t"                             \
    "add r11, " SUM ", " SUM ", asr #31\n\t"     \
    "smlal r9, r11, " SUM ", r4\n\t"             \
    "asr r11, r11, r5\n\t"                       \
    "add r11, r11, r6\n\t"                       \
    "asr r11, r11, #1\n\t"                       \
    "ssat " SUM ", #8, r11\n\t"

/* To the limits r7 and r8. */
#define LIMIT(SUM)          \
    "cmp " SUM ", r7\n\t"   \
    "it lt\n\t"             \
    "movlt " SUM ", r7\n\t" \
    "cmp " SUM ", r8\n\t"   \
    "it gt\n\t"             \
    "movgt " SUM ", r8\n\t"

/* A byte of the windows of adjacent pixels. */
#define NEXT(FROM) "ldrsb r9, [" FROM "]\n\t"
#define TIMES(WEIGHT, SUM) "mla " SUM ", r9, " WEIGHT ", " SUM "\n\t"

/* On the stack: columns, end of the filters, filter_step, end of the biases, pairs, the channel from
   -count up to 0, ends of the multipliers and shifts, 2 * zero point + 1, a mask for the channel, whether
   limits are narrower than bytes, ends of the outputs, rows and parts left. The channel is added to ends. */
__attribute__((naked)) void qmcu_pixels_scalar(qmcu_pixels *pixels)
{
    __asm(
        "push {r4-r11, lr}\n\t"
        "sub sp, sp, #68\n\t"
        "mov r10, r0\n\t"
        "ldr r5, [r10, #104]\n\t"
        "ldr r0, [r10, #108]\n\t"
        "ldr r4, [r10, #112]\n\t"
        "ldr r1, [r10, #16]\n\t"
        "ldrd r2, r3, [r10, #56]\n\t"
        "mla r1, r5, r2, r1\n\t"
        "add r3, r3, r5, lsl #2\n\t"
        "rsbs r5, r5, #0\n\t"
        "stm sp, {r0-r5}\n\t"
        "ldrd r0, r1, [r10, #64]\n\t"
        "ldrd r3, r2, [r10, #72]\n\t"
        "ldrd r6, r7, [r10, #80]\n\t"
        "rsbs r3, r3, #0\n\t"
        "and r4, r3, r5\n\t"
        "sub r0, r0, r4, lsl #2\n\t"
        "subs r1, r1, r4\n\t"
        "lsls r2, r2, #1\n\t"
        "adds r2, r2, #1\n\t"
        "adds r6, r6, #128\n\t"
        "subs r7, r7, #127\n\t"
        "orr r4, r6, r7\n\t"
        "add r11, r10, #88\n\t"
        "ldm r11, {r6-r9}\n\t"
        "subs r6, r6, r5\n\t"
        "subs r7, r7, r5\n\t"
        "sub r8, r8, r5\n\t"
        "sub r9, r9, r5\n\t"
        "add r11, sp, #24\n\t"
        "stm r11, {r0-r4, r6-r9}\n"
        /* A channel. */
        "0: ldm sp, {r0-r5}\n\t"
        "ldr r12, [r3, r5, lsl #2]\n\t"
        "mov lr, r12\n\t"
        QMCU_WHERE(DIRECT, "cmp r4, #0\n\t" NOT_PACKED)
        QMCU_WHERE(PACKED,
            "mla r1, r5, r2, r1\n\t"
            "add r2, r12, r12, lsl #16\n\t"
            "sub r2, r2, r4, lsl #15\n\t"
            "mov r3, r2\n\t"
            "mov r9, #32768\n\t"
            "subs r11, r4, #4\n\t"
            QMCU_WHERE(PAIR_FOURS,
                QMCU_WHERE(PAIRS_LEFT, "blt 2f\n")
                "1:\n\t" PAIR PAIR PAIR PAIR "subs r11, r11, #4\n\t"
                "bge 1b\n")
            QMCU_WHERE(PAIRS_LEFT,
                "2: adds r11, r11, #4\n\t"
                QMCU_WHERE(PAIR_FOURS, "beq 4f\n")
                "3:\n\t" PAIR "subs r11, r11, #1\n\t"
                "bne 3b\n")
            "4: sub r2, r2, r12, lsl #16\n\t"
            "sub r3, r3, lr, lsl #16\n")
        /* Its four outputs. */
        "5: add r0, sp, #20\n\t"
        "ldm r0, {r1, r4-r8}\n\t"
        "ands r7, r7, r1\n\t"
        "ldr r4, [r4, r7, lsl #2]\n\t"
        "ldrsb r5, [r5, r7]\n\t"
        QMCU_WHERE(LARGE_MULTIPLIERS, "cmp r5, #0\n\t"
                 "bge 8f\n\t")
        "mvns r5, r5\n\t"
        "lsls r4, r4, #1\n\t"
        "mov r0, #0x80000000\n\t" OUTPUT("r2") OUTPUT("r12") OUTPUT("r3") OUTPUT("lr")
        QMCU_WHERE(NARROW_LIMITS, "cmp r8, #0\n\t"
                  "bne 9f\n")
        "6: add r0, sp, #44\n\t"
        "ldm r0, {r4-r7}\n\t"
        "strb r2, [r4, r1]\n\t"
        "strb r12, [r5, r1]\n\t"
        "strb r3, [r6, r1]\n\t"
        "strb lr, [r7, r1]\n"
        "7: adds r1, r1, #1\n\t"
        "str r1, [sp, #20]\n\t"
        "bne 0b\n\t"
        "add sp, sp, #68\n\t"
        "pop {r4-r11, pc}\n"
        QMCU_WHERE(LARGE_MULTIPLIERS,
        /* A multiplier of 1/2 or more: r4, r5 its shift. */
        "8: sub sp, sp, #40\n\t"
        "strd r2, r12, [sp, #8]\n\t"
        "strd r3, lr, [sp, #16]\n\t"
        "add r0, sp, #84\n\t"
        "ldm r0, {r6-r9}\n\t"
        "adds r6, r6, r1\n\t"
        "adds r7, r7, r1\n\t"
        "add r8, r8, r1\n\t"
        "add r9, r9, r1\n\t"
        "add r0, sp, #24\n\t"
        "stm r0, {r6-r9}\n\t"
        "str r0, [sp]\n\t"
        "add r0, sp, #8\n\t"
        "mov r1, r4\n\t"
        "mov r2, r5\n\t"
        "add r3, r10, #76\n\t"
        "bl qmcu_store_pixels_scalar\n\t"
        "add sp, sp, #40\n\t"
        "ldr r1, [sp, #20]\n\t"
        "b 7b\n")
        QMCU_WHERE(NARROW_LIMITS, "9: ldrd r7, r8, [r10, #80]\n\t" LIMIT("r2") LIMIT("r12") LIMIT("r3") LIMIT("lr")
        "b 6b\n")
        QMCU_WHERE(DIRECT,
        /* Not packed. */
        "10: mov r2, r12\n\t"
        "mov r3, r12\n\t"
        "ldr r11, [r10, #32]\n\t"
        QMCU_WHERE(ADJACENT, "blt 16f\n\t")
        "ldm r10, {r0, r1, r4, r5, r6}\n\t"
        "ldrd r8, r9, [r10, #40]\n\t"
        "strd r8, r9, [sp, #60]\n"
        "11: ldr r9, [r10, #28]\n\t"
        "rsb r9, r9, #0\n"
        "12: ldrsb r7, [r6, r9]\n\t" PRODUCT("r0", "r2") PRODUCT("r1", "r12") PRODUCT("r4", "r3")
        PRODUCT("r5", "lr") "adds r9, r9, r11\n\t"
        "bne 12b\n\t"
        "ldrd r7, r8, [r10, #20]\n\t"
        "add r6, r6, r8\n\t"
        "ldr r8, [sp, #60]\n\t"
        "subs r8, r8, #1\n\t"
        "beq 14f\n"
        "13: str r8, [sp, #60]\n\t"
        "add r0, r0, r7\n\t"
        "add r1, r1, r7\n\t"
        "add r4, r4, r7\n\t"
        "add r5, r5, r7\n\t"
        "b 11b\n"
        "14: ldr r8, [sp, #64]\n\t"
        "subs r8, r8, #1\n\t"
        "beq 15f\n\t"
        "str r8, [sp, #64]\n\t"
        "ldr r7, [r10, #48]\n\t"
        "ldr r8, [r10, #40]\n\t"
        "b 13b\n"
        "15: ldm r10, {r0, r1, r4, r5, r6}\n\t"
        "ldrd r7, r8, [r10, #52]\n\t"
        "adds r0, r0, r7\n\t"
        "adds r1, r1, r7\n\t"
        "adds r4, r4, r7\n\t"
        "adds r5, r5, r7\n\t"
        "add r6, r6, r8\n\t"
        "stm r10, {r0, r1, r4, r5, r6}\n\t"
        "b 5b\n")
        QMCU_WHERE(ADJACENT,
        /* Of pixels beside each other, with windows three wide: r0 and r1 the columns of the first and of
           the last one, r6 the filter, r4, r5 and r7 its weights, r11 the step, r8 row_step. */
        "16: ldr r1, [r10]\n\t"
        "ldr r6, [r10, #16]\n\t"
        "ldr r8, [r10, #20]\n\t"
        "str r10, [sp, #60]\n\t"
        "ldr r10, [r10, #40]\n\t"
        "add r9, r11, r11, lsl #1\n\t"
        "subs r0, r1, r9\n\t"
        "sub r6, r6, r9\n"
        "17: ldrsb r4, [r6]\n\t"
        "ldrsb r5, [r6, r11]\n\t"
        "ldrsb r7, [r6, r11, lsl #1]\n\t" NEXT("r0") TIMES("r4", "r2") NEXT("r0, r11")
        TIMES("r5", "r2") TIMES("r4", "r12") NEXT("r0, r11, lsl #1") TIMES("r7", "r2")
        TIMES("r5", "r12") TIMES("r4", "r3") NEXT("r1") TIMES("r7", "r12") TIMES("r5", "r3")
        TIMES("r4", "lr") NEXT("r1, r11") TIMES("r7", "r3") TIMES("r5", "lr")
        NEXT("r1, r11, lsl #1") TIMES("r7", "lr") "add r6, r6, r11\n\t"
        "add r6, r6, r11, lsl #1\n\t"
        "add r0, r0, r8\n\t"
        "add r1, r1, r8\n\t"
        "subs r10, r10, #1\n\t"
        "bne 17b\n\t"
        "ldr r10, [sp, #60]\n\t"
        "ldr r0, [r10]\n\t"
        "ldr r1, [r10, #16]\n\t"
        "adds r0, r0, #1\n\t"
        "adds r1, r1, #1\n\t"
        "str r0, [r10]\n\t"
        "str r1, [r10, #16]\n\t"
        "b 5b"));
}

#endif

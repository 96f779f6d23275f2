/* A row of depthwise_conv_2d_mve with one group of taps, in assembly: four windows at a time whose
   sums never leave the registers. */
#ifndef QMCU_DEPTHWISE_ROW_CODE_MVE_H
#define QMCU_DEPTHWISE_ROW_CODE_MVE_H

#include "assembly_mve.h"

#include <stdint.h>

typedef struct {
    const int8_t *window; /* the first */
    int8_t *output;
    int32_t count; /* of outputs */
    int32_t stride;
    int32_t bias;
    int32_t multiplier;
    int32_t shift; /* to the right, at most -1 */
    int32_t zero_point;
    int32_t minimum;
    int32_t maximum;
    int32_t depth; /* bytes from output to output */
    int32_t unused;
    uint8_t taps[16];
    int8_t weights[16];
} qmcu_depthwise_row;

#define QMCU_ROW_WINDOW 0
#define QMCU_ROW_COUNT 8
#define QMCU_ROW_BIAS 16
#define QMCU_ROW_SHIFT 24
#define QMCU_ROW_MINIMUM 32
#define QMCU_ROW_DEPTH 40
#define QMCU_ROW_TAPS 48
#define QMCU_ROW_WEIGHTS 64
QMCU_PLACE(qmcu_depthwise_row, window, QMCU_ROW_WINDOW);
QMCU_PLACE(qmcu_depthwise_row, output, QMCU_ROW_WINDOW + 4);
QMCU_PLACE(qmcu_depthwise_row, count, QMCU_ROW_COUNT);
QMCU_PLACE(qmcu_depthwise_row, stride, QMCU_ROW_COUNT + 4);
QMCU_PLACE(qmcu_depthwise_row, bias, QMCU_ROW_BIAS);
QMCU_PLACE(qmcu_depthwise_row, multiplier, QMCU_ROW_BIAS + 4);
QMCU_PLACE(qmcu_depthwise_row, shift, QMCU_ROW_SHIFT);
QMCU_PLACE(qmcu_depthwise_row, zero_point, QMCU_ROW_SHIFT + 4);
QMCU_PLACE(qmcu_depthwise_row, minimum, QMCU_ROW_MINIMUM);
QMCU_PLACE(qmcu_depthwise_row, maximum, QMCU_ROW_MINIMUM + 4);
QMCU_PLACE(qmcu_depthwise_row, depth, QMCU_ROW_DEPTH);
QMCU_PLACE(qmcu_depthwise_row, taps, QMCU_ROW_TAPS);
QMCU_PLACE(qmcu_depthwise_row, weights, QMCU_ROW_WEIGHTS);

/* r0 window, r3 stride; q2 taps, q3 weights. */
#define QMCU_ROW_SUM(SUM)       \
    "vldrb.u8 q0, [r0, q2]\n\t" \
    "add r0, r3\n\t"            \
    "vmladav.s8 " SUM ", q0, q3\n\t"

/* Four outputs to q0; the last may lie behind the row, where three strides more can be read. r5 bias,
   r7 multiplier, r9 shift, r10 zero point; q4 minimum, q5 maximum. */
/* clang-format off */
#define QMCU_ROW_FOUR                \
    QMCU_ROW_SUM("r4")               \
    QMCU_ROW_SUM("r6")               \
    QMCU_ROW_SUM("r8")               \
    QMCU_ROW_SUM("r12")              \
    "vmov q0[2], q0[0], r4, r8\n\t"  \
    "vmov q0[3], q0[1], r6, r12\n\t" \
    "vadd.i32 q0, q0, r5\n\t"        \
    "vqrdmulh.s32 q0, q0, r7\n\t"    \
    "vshr.s32 q1, q0, #31\n\t"       \
    "vadd.i32 q0, q0, q1\n\t"        \
    "vrshl.s32 q0, r9\n\t"           \
    "vadd.i32 q0, q0, r10\n\t"       \
    "vmax.s32 q0, q0, q4\n\t"        \
    "vmin.s32 q0, q0, q5\n\t"
/* clang-format on */

__attribute__((naked)) static void qmcu_row_of_windows(const qmcu_depthwise_row *row)
{
    (void)row;
    /* clang-format off */
    __asm(
        "push {r4-r11, lr}\n\t"
        "vpush {d8-d13}\n\t"
        "vldrb.u8 q2, [r0, " QMCU_AT(QMCU_ROW_TAPS) "]\n\t"
        "vldrb.u8 q3, [r0, " QMCU_AT(QMCU_ROW_WEIGHTS) "]\n\t"
        "ldrd r4, r6, [r0, " QMCU_AT(QMCU_ROW_MINIMUM) "]\n\t"
        "ldr r8, [r0, " QMCU_AT(QMCU_ROW_DEPTH) "]\n\t"
        "vdup.32 q4, r4\n\t"
        "vdup.32 q5, r6\n\t"
        "movs r4, #0\n\t"
        "vidup.u32 q6, r4, #1\n\t"
        "vmul.i32 q6, q6, r8\n\t"
        "lsls r11, r8, #2\n\t"
        "ldrd r5, r7, [r0, " QMCU_AT(QMCU_ROW_BIAS) "]\n\t"
        "ldrd r9, r10, [r0, " QMCU_AT(QMCU_ROW_SHIFT) "]\n\t"
        "ldrd r2, r3, [r0, " QMCU_AT(QMCU_ROW_COUNT) "]\n\t"
        "ldrd r0, r1, [r0, " QMCU_AT(QMCU_ROW_WINDOW) "]\n\t"
        "lsrs r4, r2, #2\n\t"
        "wls lr, r4, 2f\n\t"
        "1: " QMCU_ROW_FOUR
        "vstrb.32 q0, [r1, q6]\n\t"
        "add r1, r11\n\t"
        "le lr, 1b\n\t"
        "2: ands r2, #3\n\t"
        "beq 3f\n\t"
        QMCU_ROW_FOUR
        "vctp.32 r2\n\t"
        "vpst\n\t"
        "vstrbt.32 q0, [r1, q6]\n\t"
        "3: vpop {d8-d13}\n\t"
        "pop {r4-r11, pc}");
    /* clang-format on */
}

#endif

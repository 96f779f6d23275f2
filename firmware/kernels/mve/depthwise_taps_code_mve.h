/* One pixel of depthwise_conv_2d_mve_taps in assembly: the compiler spills sums and addresses. */
#ifndef QMCU_DEPTHWISE_TAPS_CODE_MVE_H
#define QMCU_DEPTHWISE_TAPS_CODE_MVE_H

#include "assembly_mve.h"

#include <stdint.h>

typedef struct {
    const int8_t *from;    /* the window's first tap */
    const int8_t *weights; /* as the kernel's */
    const int32_t *channels;
    int8_t *output;
    const uint16_t *offsets;
    int32_t steps;
    int32_t depth;
    int32_t general; /* 1: some shift is not to the right */
    int32_t zero_point;
    int32_t minimum;
    int32_t maximum;
    int32_t left; /* channels; used by the assembly */
} qmcu_taps_pixel;

#define QMCU_PIXEL_FROM 0
#define QMCU_PIXEL_CHANNELS 8
#define QMCU_PIXEL_OFFSETS 16
#define QMCU_PIXEL_DEPTH 24
#define QMCU_PIXEL_ZERO_POINT 32
#define QMCU_PIXEL_MAXIMUM 40
#define QMCU_PIXEL_LEFT 44
QMCU_PLACE(qmcu_taps_pixel, from, QMCU_PIXEL_FROM);
QMCU_PLACE(qmcu_taps_pixel, weights, QMCU_PIXEL_FROM + 4);
QMCU_PLACE(qmcu_taps_pixel, channels, QMCU_PIXEL_CHANNELS);
QMCU_PLACE(qmcu_taps_pixel, output, QMCU_PIXEL_CHANNELS + 4);
QMCU_PLACE(qmcu_taps_pixel, offsets, QMCU_PIXEL_OFFSETS);
QMCU_PLACE(qmcu_taps_pixel, steps, QMCU_PIXEL_OFFSETS + 4);
QMCU_PLACE(qmcu_taps_pixel, depth, QMCU_PIXEL_DEPTH);
QMCU_PLACE(qmcu_taps_pixel, general, QMCU_PIXEL_DEPTH + 4);
QMCU_PLACE(qmcu_taps_pixel, zero_point, QMCU_PIXEL_ZERO_POINT);
QMCU_PLACE(qmcu_taps_pixel, minimum, QMCU_PIXEL_ZERO_POINT + 4);
QMCU_PLACE(qmcu_taps_pixel, maximum, QMCU_PIXEL_MAXIMUM);
QMCU_PLACE(qmcu_taps_pixel, left, QMCU_PIXEL_LEFT);

/* Eight taps of the channel at FROM. */
#define QMCU_EIGHT_TAPS(FROM, SUM)     \
    "vldrb.s16 q1, [" FROM ", q0]\n\t" \
    "vldrb.s16 q2, [r1], #8\n\t"       \
    "vmladava.s16 " SUM ", q1, q2\n\t"

/* Four channels to the sums in q0: r0, r5, r7, r9 their first taps, r4, r6, r8, r12 sums, r1
   weights, r2 channels, r10 offsets, r11 steps. */
/* clang-format off */
#define QMCU_FOUR_CHANNELS            \
    "ldrd r4, r6, [r2]\n\t"           \
    "ldrd r8, r12, [r2, #8]\n\t"      \
    "dls lr, r11\n\t"                 \
    "2: vldrh.u16 q0, [r10], #16\n\t" \
    QMCU_EIGHT_TAPS("r0", "r4")       \
    QMCU_EIGHT_TAPS("r5", "r6")       \
    QMCU_EIGHT_TAPS("r7", "r8")       \
    QMCU_EIGHT_TAPS("r9", "r12")      \
    "le lr, 2b\n\t"                   \
    "sub r10, r10, r11, lsl #4\n\t"   \
    "adds r0, #4\n\t"                 \
    "adds r5, #4\n\t"                 \
    "adds r7, #4\n\t"                 \
    "add r9, r9, #4\n\t"              \
    "vmov q0[2], q0[0], r4, r8\n\t"   \
    "vmov q0[3], q0[1], r6, r12\n\t"  \
    "vldrw.u32 q1, [r2, #16]\n\t"     \
    "vldrw.u32 q2, [r2, #32]\n\t"     \
    "adds r2, #48\n\t"
/* clang-format on */

/* The outputs in q0 to r3; goes on at LABEL while channels are left. q4 zero point, q5 minimum, q6
   maximum, r4 the pixel. */
/* clang-format off */
#define QMCU_STORE_CHANNELS(LABEL)                   \
    "ldr r4, [sp]\n\t"                               \
    "vadd.i32 q0, q0, q4\n\t"                        \
    "vmax.s32 q0, q0, q5\n\t"                        \
    "ldr r6, [r4, " QMCU_AT(QMCU_PIXEL_LEFT) "]\n\t" \
    "vmin.s32 q0, q0, q6\n\t"                        \
    "vctp.32 r6\n\t"                                 \
    "vpst\n\t"                                       \
    "vstrbt.32 q0, [r3], #4\n\t"                     \
    "subs r6, #4\n\t"                                \
    "str r6, [r4, " QMCU_AT(QMCU_PIXEL_LEFT) "]\n\t" \
    "bgt " LABEL "\n\t"
/* clang-format on */

/* VRSHL rounds ties up: one less for negative products rounds them away from zero. In the general
   form a shift to the left comes first, and then nothing is divided and nothing taken away. */
__attribute__((naked)) static void qmcu_pixel_of_taps(qmcu_taps_pixel *pixel)
{
    (void)pixel;
    /* clang-format off */
    __asm(
        "push {r4-r11, lr}\n\t"
        "vpush {d8-d15}\n\t"
        "push {r0, r1}\n\t"
        "ldr r4, [r0, " QMCU_AT(QMCU_PIXEL_MAXIMUM) "]\n\t"
        "ldrd r5, r6, [r0, " QMCU_AT(QMCU_PIXEL_ZERO_POINT) "]\n\t"
        "vdup.32 q6, r4\n\t"
        "vdup.32 q4, r5\n\t"
        "vdup.32 q5, r6\n\t"
        "ldrd r4, r6, [r0, " QMCU_AT(QMCU_PIXEL_DEPTH) "]\n\t"
        "str r4, [r0, " QMCU_AT(QMCU_PIXEL_LEFT) "]\n\t"
        "ldrd r10, r11, [r0, " QMCU_AT(QMCU_PIXEL_OFFSETS) "]\n\t"
        "ldrd r2, r3, [r0, " QMCU_AT(QMCU_PIXEL_CHANNELS) "]\n\t"
        "ldrd r0, r1, [r0, " QMCU_AT(QMCU_PIXEL_FROM) "]\n\t"
        "adds r5, r0, #1\n\t"
        "adds r7, r0, #2\n\t"
        "add r9, r0, #3\n\t"
        "cmp r6, #0\n\t"
        "bne 3f\n\t"
        "1: " QMCU_FOUR_CHANNELS
        "vqrdmulh.s32 q0, q0, q1\n\t"
        "vshr.s32 q1, q0, #31\n\t"
        "vadd.i32 q0, q0, q1\n\t"
        "vrshl.s32 q0, q0, q2\n\t"
        QMCU_STORE_CHANNELS("1b")
        "b 4f\n\t"
        "3: " QMCU_FOUR_CHANNELS
        "vmov.i32 q3, #0\n\t"
        "vmax.s32 q7, q2, q3\n\t"
        "vmin.s32 q2, q2, q3\n\t"
        "vshl.s32 q0, q0, q7\n\t"
        "vqrdmulh.s32 q0, q0, q1\n\t"
        "vand q1, q0, q2\n\t"
        "vshr.s32 q1, q1, #31\n\t"
        "vadd.i32 q0, q0, q1\n\t"
        "vrshl.s32 q0, q0, q2\n\t"
        QMCU_STORE_CHANNELS("3b")
        "4: pop {r0, r1}\n\t"
        "vpop {d8-d15}\n\t"
        "pop {r4-r11, pc}");
    /* clang-format on */
}

#endif

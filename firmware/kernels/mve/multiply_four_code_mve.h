/* What the multipliers of four filters for MVE share. Assembly: registers as in multiply_code_mve.h; q5
   addresses of the outputs, less 4. The frame begins with the first 17 words of the tile. */
#ifndef QMCU_MULTIPLY_FOUR_CODE_MVE_H
#define QMCU_MULTIPLY_FOUR_CODE_MVE_H

#include "assembly_mve.h"
#include "multiply_mve.h"
#include "mve.h"
#include "uses_mve.h"

QMCU_PLACE(qmcu_mve_tile, end, 16);
QMCU_PLACE(qmcu_mve_tile, fours.first, 20);
QMCU_PLACE(qmcu_mve_tile, fours.round, 24);
QMCU_PLACE(qmcu_mve_tile, fours.clamp, 28);
QMCU_PLACE(qmcu_mve_tile, fours.zero_point, 32);
QMCU_PLACE(qmcu_mve_tile, fours.minimum, 40);
QMCU_PLACE(qmcu_mve_tile, fours.second, 48);
QMCU_PLACE(qmcu_mve_tile, fours.weights, 52);
QMCU_PLACE(qmcu_mve_tile, fours.pitch, 56);
QMCU_PLACE(qmcu_mve_tile, fours.count, 64);
QMCU_PLACE(qmcu_mve_tile, fours.offsets, 68);

#define QMCU_FOUR_SUMS(FIRST, SECOND)                                \
    "vmov " FIRST "[2], " FIRST "[0], r0, r4\n\t"          \
    "vmov " FIRST "[3], " FIRST "[1], r2, r6\n\t"          \
    "vmov " SECOND "[2], " SECOND "[0], r8, r12\n\t"       \
    "vmov " SECOND "[3], " SECOND "[1], r10, lr\n\t"
/* r0 to r3 biases, r4, r5, r6, r8 multipliers. */
#define QMCU_FOUR_PRODUCTS(A, B, C, D)                               \
    "ldm r9!, {r0-r6, r8, r10-r12, lr}\n\t"                \
    "vadd.i32 " A ", " A ", r0\n\t"                        \
    "vadd.i32 " B ", " B ", r1\n\t"                        \
    "vadd.i32 " C ", " C ", r2\n\t"                        \
    "vadd.i32 " D ", " D ", r3\n\t"                        \
    "vqrdmulh.s32 " A ", " A ", r4\n\t"                    \
    "vqrdmulh.s32 " B ", " B ", r5\n\t"                    \
    "vqrdmulh.s32 " C ", " C ", r6\n\t"                    \
    "vqrdmulh.s32 " D ", " D ", r8\n\t"
/* Leaves zero point and end of the weights in r0 and r1, 16 bytes in A. */
#define QMCU_FOUR_BYTES(A, B, C, D)                                  \
    "vrshl.s32 " A ", r10\n\t"                             \
    "vrshl.s32 " B ", r11\n\t"                             \
    "vrshl.s32 " C ", r12\n\t"                             \
    "vrshl.s32 " D ", lr\n\t"                              \
    "ldrd r0, r1, [sp, #32]\n\t"                           \
    "vqmovnb.s32 " A ", " A "\n\t"                         \
    "vqmovnt.s32 " A ", " B "\n\t"                         \
    "vqmovnb.s32 " C ", " C "\n\t"                         \
    "vqmovnt.s32 " C ", " D "\n\t"                         \
    "vqadd.s16 " A ", " A ", r0\n\t"                       \
    "vqadd.s16 " C ", " C ", r0\n\t"                       \
    "vqmovnb.s16 " A ", " A "\n\t"                         \
    "vqmovnt.s16 " A ", " C "\n\t"
/* One less for negative products, which VRSHL then rounds away from zero. */
#define QMCU_FOUR_AWAY                                     \
    "vshr.s32 q2, q6, #31\n\t"                             \
    "vadd.i32 q6, q6, q2\n\t"                              \
    "vshr.s32 q2, q7, #31\n\t"                             \
    "vadd.i32 q7, q7, q2\n\t"                              \
    "vshr.s32 q2, q0, #31\n\t"                             \
    "vadd.i32 q0, q0, q2\n\t"                              \
    "vshr.s32 q2, q1, #31\n\t"                             \
    "vadd.i32 q1, q1, q2\n"
#define QMCU_FOUR_CLAMP                                    \
    "ldrd r2, r4, [sp, #40]\n\t"                           \
    "vdup.8 q0, r2\n\t"                                    \
    "vdup.8 q1, r4\n\t"                                    \
    "vmax.s8 q6, q6, q0\n\t"                               \
    "vmin.s8 q6, q6, q1\n"
/* To the next four pixels, at r1 to r4, or to 6. */
#define QMCU_FOUR_NEXT                                     \
    "5: add r8, sp, #52\n\t"                               \
    "ldm r8, {r9, r10, r11, r12}\n\t"                      \
    "subs r12, r12, #1\n\t"                                \
    "beq 6f\n\t"                                           \
    "str r12, [sp, #64]\n\t"                               \
    "vadd.i32 q5, q5, r11\n\t"                             \
    "ldm sp, {r1-r5}\n\t"                                  \
    "add r1, r1, r10\n\t"                                  \
    "add r2, r2, r10\n\t"                                  \
    "add r3, r3, r10\n\t"                                  \
    "add r4, r4, r10\n\t"                                  \
    "add r5, r5, r10\n\t"                                  \
    "stm sp, {r1-r5}\n\t"                                  \
    "bx lr\n"

/* Lanes of pixels past the last are the first pixel once more. */
static __attribute__((noinline)) void qmcu_mve_four_offsets(qmcu_mve_tile *tile, int32_t filters,
                                                  int32_t pixels)
{
    int32x4_t offsets = vdupq_n_s32(0);
    /* In assembly, for the compiler moves predicates to and fro. */
    __asm("vctp.32 %[pixels]\n\t"
          "vpst\n\t"
          "vmult.i32 %q[offsets], %q[each], %[filters]"
          : [offsets] "+w"(offsets)
          : [pixels] "r"(pixels), [each] "w"(vidupq_n_u32(0, 1)), [filters] "r"(filters));
    vstrwq_s32(tile->fours.offsets, vsubq_n_s32(offsets, 4));
}

/* How many of `steps` come in the first round, if all others have `round` of them. */
static inline uint32_t qmcu_mve_first_round(int32_t steps, uint32_t round)
{
    return steps > 0 && round > 0 ? ((uint32_t)steps - 1) % round + 1 : 0;
}

/* Fills in what tiles of windows of `bytes` share, but for the addresses of code. */
static inline void qmcu_mve_begin_fours(qmcu_mve_tile *tile, const qmcu_multiply_mve_params *params,
                                        int32_t bytes)
{
    tile->fours.zero_point = params->zero_point;
    tile->fours.minimum = params->minimum;
    tile->fours.maximum = params->maximum;
    tile->fours.step = 3 * params->filters;
    tile->fours.words = (params->filters >> 2) * (bytes + 12);
    qmcu_mve_four_offsets(tile, params->filters, 4);
}

/* The tile by `multiply`. */
static inline __attribute__((always_inline)) void
qmcu_mve_fours(qmcu_mve_tile *tile, const qmcu_multiply_mve_params *params, const int32_t *weights,
               int32_t bytes, int32_t pixels, int8_t *output,
               void (*multiply)(const qmcu_mve_tile *tile, int8_t *output))
{
    tile->end = tile->columns[0] + bytes;
    tile->fours.weights = weights;
    tile->fours.weights_end = weights + tile->fours.words;
    tile->fours.pitch = tile->pitch;
    tile->fours.count = (pixels + 3) >> 2;
    if (!QMCU_USES_TILES_LEFT || pixels >= 4) {
        multiply(tile, output);
        return;
    }
    for (int32_t i = pixels; i < 4; i++) {
        tile->columns[i] = tile->columns[0];
    }
    qmcu_mve_four_offsets(tile, params->filters, pixels);
    multiply(tile, output);
    qmcu_mve_four_offsets(tile, params->filters, 4);
}

#endif

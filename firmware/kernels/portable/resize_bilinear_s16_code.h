/* resize_bilinear of int16 with sums of 64 bits, which cores have instructions for but Cortex-M0+. */
#ifndef QMCU_RESIZE_BILINEAR_S16_CODE_H
#define QMCU_RESIZE_BILINEAR_S16_CODE_H

#include "resize_bilinear_code.h"

QMCU_RESIZE_BILINEAR(resize, int16_t)

static inline void qmcu_blend_s64(const int16_t *const corners[4], int32_t down, int32_t right,
                                  int16_t *output, int32_t count)
{
    int32_t weights[4];
    qmcu_corner_weights(down, right, weights);
    const int64_t a = weights[0], b = weights[1], c = weights[2], d = weights[3];
    for (int32_t i = 0; i < count; ++i) {
        const int64_t sum =
            corners[0][i] * a + corners[1][i] * b + corners[2][i] * c + corners[3][i] * d;
        /* Less 1 below zero: ties away from it. */
        output[i] = (int16_t)((sum + (sum >> 63) + (1 << 19)) >> 20);
    }
}

#endif

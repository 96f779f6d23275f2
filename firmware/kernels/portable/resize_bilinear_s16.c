#include "resize_bilinear_s16.h"

#include "resize_bilinear_code.h"

QMCU_RESIZE_BILINEAR(resize, int16_t)

static inline void blend(const int16_t *const corners[4], const int32_t weights[4], int16_t *output,
                         int32_t count)
{
    const int64_t a = weights[0], b = weights[1], c = weights[2], d = weights[3];
    for (int32_t i = 0; i < count; ++i) {
        const int64_t sum =
            corners[0][i] * a + corners[1][i] * b + corners[2][i] * c + corners[3][i] * d;
        /* Less 1 below zero: ties away from it. */
        output[i] = (int16_t)((sum + (sum >> 63) + (1 << 19)) >> 20);
    }
}

void qmcu_resize_bilinear_s16(const qmcu_resize_bilinear_params *params, const int16_t *input,
                              int16_t *output)
{
    resize(params, input, output, blend);
}

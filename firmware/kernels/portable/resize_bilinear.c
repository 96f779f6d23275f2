#include "resize_bilinear.h"

#include "resize_bilinear_code.h"

QMCU_RESIZE_BILINEAR(resize, int8_t)

static inline void blend(const int8_t *const corners[4], int32_t down, int32_t right,
                         int8_t *output, int32_t count)
{
    int32_t weights[4];
    qmcu_corner_weights(down, right, weights);
    const int32_t a = weights[0], b = weights[1], c = weights[2], d = weights[3];
    for (int32_t i = 0; i < count; ++i) {
        const int32_t sum =
            corners[0][i] * a + corners[1][i] * b + corners[2][i] * c + corners[3][i] * d;
        /* Less 1 below zero: ties away from it. */
        output[i] = (int8_t)((sum + (sum >> 31) + (1 << 19)) >> 20);
    }
}

void qmcu_resize_bilinear(const qmcu_resize_bilinear_params *params, const int8_t *input,
                          int8_t *output)
{
    resize(params, input, output, blend);
}

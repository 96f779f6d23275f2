/* transpose_conv for cores without the DSP extension: the zero point comes off once for all products
   of a run, and the sums of 32 bits need no care. */
#include "transpose_conv_scalar.h"

#include "transpose_conv_code.h"

/* The products less the zero point times the sum of the weights. */
static inline uint32_t dot(uint32_t sum, const int8_t *tap, const int8_t *pixel, int32_t zero_point,
                           int32_t count)
{
    uint32_t products = sum;
    int32_t weights = 0;
    for (const int8_t *const end = tap + (count & ~3); tap != end; tap += 4, pixel += 4) {
        const int32_t a = tap[0], b = tap[1], c = tap[2], d = tap[3];
        products += (uint32_t)(a * pixel[0]);
        products += (uint32_t)(b * pixel[1]);
        products += (uint32_t)(c * pixel[2]);
        products += (uint32_t)(d * pixel[3]);
        weights += a + b + c + d;
    }
    for (count &= 3; count > 0; --count) {
        products += (uint32_t)(*tap * *pixel++);
        weights += *tap++;
    }
    return products - (uint32_t)(weights * zero_point);
}

void qmcu_transpose_conv_scalar(const qmcu_transpose_conv_scalar_params *params,
                                const int8_t *input, const int8_t *weights, const int32_t *bias,
                                const int32_t *multipliers, const int8_t *shifts, int8_t *output)
{
    qmcu_transpose_conv_by(params, input, weights, bias, multipliers, shifts, output, dot);
}

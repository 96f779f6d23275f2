/* transpose_conv with the products of MVE. */
#include "transpose_conv_mve.h"

#include "transpose_conv_code.h"

#include <arm_mve.h>

/* The products less the zero point times the sum of the weights. */
static inline uint32_t dot(uint32_t sum, const int8_t *tap, const int8_t *pixel, int32_t zero_point,
                           int32_t count)
{
    int32_t products = (int32_t)sum, weights = 0;
    for (; count > 0; count -= 16, tap += 16, pixel += 16) {
        const mve_pred16_t live = vctp8q((uint32_t)count);
        const int8x16_t w = vldrbq_z_s8(tap, live);
        products = vmladavaq_s8(products, w, vldrbq_z_s8(pixel, live));
        weights = vaddvaq_s8(weights, w);
    }
    return (uint32_t)products - (uint32_t)(weights * zero_point);
}

void qmcu_transpose_conv_mve(const qmcu_transpose_conv_mve_params *params, const int8_t *input,
                             const int8_t *weights, const int32_t *bias, const int32_t *multipliers,
                             const int8_t *shifts, int8_t *output)
{
    qmcu_transpose_conv_by(params, input, weights, bias, multipliers, shifts, output, dot);
}

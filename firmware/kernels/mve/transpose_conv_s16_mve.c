/* transpose_conv_s16 with the products of MVE. */
#include "transpose_conv_s16_mve.h"

#include "dot_mve.h"
#include "transpose_conv_s16_code.h"

void qmcu_transpose_conv_s16_mve(const qmcu_transpose_conv_s16_mve_params *params,
                                 const int16_t *input, const int8_t *weights, const int64_t *bias,
                                 const int32_t *multipliers, const int8_t *shifts, int16_t *output)
{
    qmcu_transpose_conv_s16_by(params, input, weights, bias, multipliers, shifts, output,
                               qmcu_dot_s16_mve);
}

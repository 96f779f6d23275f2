/* transpose_conv_s16_quads_code.h says what it computes. */
#include "transpose_conv_s16_quads_mve.h"

#include "quads_s16_mve.h"
#include "transpose_conv_s16_quads_code.h"

void qmcu_transpose_conv_s16_quads_mve(const qmcu_transpose_conv_s16_quads_mve_params *params,
                                       const int16_t *input, const int8_t *weights,
                                       const int32_t *bias, const int32_t *multipliers,
                                       int16_t *output)
{
    qmcu_transpose_conv_s16_quads_by(params, input, weights, bias, multipliers, output,
                                     qmcu_runs_s16_mve, 1);
}

/* conv_2d_groups_s16_quads_code.h says what it computes. */
#include "conv_2d_groups_s16_quads_scalar.h"

#include "conv_2d_groups_s16_quads_code.h"
#include "quads_s16_scalar.h"

void qmcu_conv_2d_groups_s16_quads_scalar(const qmcu_conv_2d_groups_s16_quads_scalar_params *params,
                                          const int16_t *input, const int8_t *weights,
                                          const int32_t *bias, const int32_t *multipliers,
                                          void *scratch, int16_t *output)
{
    qmcu_conv_2d_groups_s16_quads_by(params, input, weights, bias, multipliers, scratch, output,
                                     qmcu_quads_of_groups_s16_scalar, qmcu_copy_taps_s16,
                                     QMCU_COLUMNS_S16_SCALAR, 1);
}

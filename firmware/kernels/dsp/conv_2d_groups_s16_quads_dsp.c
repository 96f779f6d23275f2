/* conv_2d_groups_s16_quads_code.h says what it computes. */
#include "conv_2d_groups_s16_quads_dsp.h"

#include "conv_2d_groups_s16_quads_code.h"
#include "quads_s16_dsp.h"

static inline void one(const qmcu_quads_s16 *quads, __attribute__((unused)) int32_t step,
                       const int16_t *column, const int16_t *other, const int8_t *weights,
                       const int32_t *bias, const int32_t *multipliers, int16_t *output)
{
    qmcu_quads_s16_dsp(quads, column, other, weights, bias, multipliers, output);
}

void qmcu_conv_2d_groups_s16_quads_dsp(const qmcu_conv_2d_groups_s16_quads_dsp_params *params,
                                       const int16_t *input, const int8_t *weights,
                                       const int32_t *bias, const int32_t *multipliers,
                                       void *scratch, int16_t *output)
{
    qmcu_conv_2d_groups_s16_quads_by(params, input, weights, bias, multipliers, scratch, output,
                                     one, qmcu_copy_taps_s16, 1, 4);
}

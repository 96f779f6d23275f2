#include "conv_2d_rows_wide_steep_dsp.h"

#include "multiply_wide_steep_dsp.h"

void qmcu_conv_2d_rows_wide_steep_dsp(const qmcu_conv_2d_rows_wide_steep_dsp_params *params,
                                      const int8_t *input, const int16_t *weights,
                                      const int32_t *pairs, void *scratch, int8_t *output)
{
    const qmcu_multiplier multiplier = {qmcu_multiply_wide_steep_dsp, QMCU_WIDE_STEEP_STEP_CODE};
    qmcu_conv_2d_rows_dsp(params, input, weights, pairs, scratch, output, multiplier);
}

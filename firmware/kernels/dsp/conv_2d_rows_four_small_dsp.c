#include "conv_2d_rows_four_small_dsp.h"

#include "multiply_four_small_dsp.h"

void qmcu_conv_2d_rows_four_small_dsp(const qmcu_conv_2d_rows_four_small_dsp_params *params,
                                      const int8_t *input, const int32_t *filters, void *scratch,
                                      int8_t *output)
{
    const qmcu_four_multiplier multiplier = {qmcu_multiply_four_small_dsp,
                                             qmcu_multiply_one_small_dsp};
    qmcu_conv_2d_rows_by_four_dsp(params, input, filters, scratch, output, multiplier);
}

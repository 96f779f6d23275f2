#include "softmax_table_s16_dsp.h"

#include "softmax_largest_dsp.h"
#include "softmax_table_code.h"

void qmcu_softmax_table_s16_dsp(const qmcu_softmax_table_s16_dsp_params *params,
                                const int8_t *input, const int32_t *table, int16_t *output)
{
    qmcu_softmax_table_by(params, input, table, output, 1, qmcu_largest_dsp,
                          qmcu_softmax_scaled_wide);
}

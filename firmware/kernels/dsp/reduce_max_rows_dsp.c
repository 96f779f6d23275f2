#include "reduce_max_rows_dsp.h"

#include "reduce_rows_dsp.h"

void qmcu_reduce_max_rows_dsp(const qmcu_reduce_max_rows_dsp_params *params, const int8_t *input,
                              int8_t *output)
{
    qmcu_reduce_rows_dsp(params, input, output, qmcu_maximum_s8x4);
}

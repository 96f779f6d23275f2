/* Mean of real numbers over some dimensions: their sum, in the order of memory, divided by the
   count. */
#include "mean_f32.h"

QMCU_REDUCE_ONE(sum, qmcu_mean_f32_params, float, 0.0f, value + item)

void qmcu_mean_f32(const qmcu_mean_f32_params *params, const float *input, float *output)
{
    float *const first_mean = output;
    QMCU_REDUCE_ALL(float, sum, params, input, output);
    for (float *mean = first_mean; mean < output; ++mean) {
        *mean = *mean / params->count;
    }
}

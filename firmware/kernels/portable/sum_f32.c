/* The sum of the real numbers along some dimensions, in the order of memory. */
#include "sum_f32.h"

QMCU_REDUCE_ONE(sum, qmcu_reduce_params, float, 0.0f, value + item)

void qmcu_sum_f32(const qmcu_reduce_params *params, const float *input, float *output)
{
    QMCU_REDUCE_ALL(float, sum, params, input, output);
}

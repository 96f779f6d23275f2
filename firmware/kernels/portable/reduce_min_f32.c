/* The smallest of the real numbers along some dimensions. */
#include "reduce_min_f32.h"

#include <float.h>

QMCU_REDUCE_ONE(smallest, qmcu_reduce_params, float, FLT_MAX, item < value ? item : value)

void qmcu_reduce_min_f32(const qmcu_reduce_params *params, const float *input, float *output)
{
    QMCU_REDUCE_ALL(float, smallest, params, input, output);
}

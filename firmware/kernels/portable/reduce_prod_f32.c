/* The product of the real numbers along some dimensions, in the order of memory. */
#include "reduce_prod_f32.h"

QMCU_REDUCE_ONE(one, qmcu_reduce_params, float, 1.0f, value *item)

void qmcu_reduce_prod_f32(const qmcu_reduce_params *params, const float *input, float *output)
{
    QMCU_REDUCE_ALL(float, one, params, input, output);
}

/* The largest of the elements along some dimensions. */
#include "reduce_max_s32.h"

QMCU_REDUCE_ONE(one, qmcu_reduce_params, int32_t, INT32_MIN, item > value ? item : value)

void qmcu_reduce_max_s32(const qmcu_reduce_params *params, const int32_t *input, int32_t *output)
{
    QMCU_REDUCE_ALL(int32_t, one, params, input, output);
}

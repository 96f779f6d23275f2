/* The largest of the elements along some dimensions. */
#include "reduce_max_s64.h"

QMCU_REDUCE_ONE(one, qmcu_reduce_params, int64_t, INT64_MIN, item > value ? item : value)

void qmcu_reduce_max_s64(const qmcu_reduce_params *params, const int64_t *input, int64_t *output)
{
    QMCU_REDUCE_ALL(int64_t, one, params, input, output);
}

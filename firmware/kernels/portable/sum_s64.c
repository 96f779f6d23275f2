/* The sum of the elements along some dimensions, modulo 2^64. */
#include "sum_s64.h"

/* Unsigned, for a signed sum that overflows is undefined. */
QMCU_REDUCE_ONE(one, qmcu_reduce_params, int64_t, 0, (int64_t)((uint64_t)value + (uint64_t)item))

void qmcu_sum_s64(const qmcu_reduce_params *params, const int64_t *input, int64_t *output)
{
    QMCU_REDUCE_ALL(int64_t, one, params, input, output);
}

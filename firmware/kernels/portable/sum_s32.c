/* The sum of the elements along some dimensions, modulo 2^32. */
#include "sum_s32.h"

/* Unsigned, for a signed sum that overflows is undefined. */
QMCU_REDUCE_ONE(one, qmcu_reduce_params, int32_t, 0, (int32_t)((uint32_t)value + (uint32_t)item))

void qmcu_sum_s32(const qmcu_reduce_params *params, const int32_t *input, int32_t *output)
{
    QMCU_REDUCE_ALL(int32_t, one, params, input, output);
}

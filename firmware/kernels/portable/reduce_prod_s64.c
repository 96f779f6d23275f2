/* The product along some dimensions, modulo 2^64. */
#include "reduce_prod_s64.h"

/* Unsigned, for a signed product that overflows is undefined. */
QMCU_REDUCE_ONE(one, qmcu_reduce_params, int64_t, 1, (int64_t)((uint64_t)value *(uint64_t)item))

void qmcu_reduce_prod_s64(const qmcu_reduce_params *params, const int64_t *input, int64_t *output)
{
    QMCU_REDUCE_ALL(int64_t, one, params, input, output);
}

/* The product along some dimensions, modulo 2^32. */
#include "reduce_prod_s32.h"

/* Unsigned, for a signed product that overflows is undefined. */
QMCU_REDUCE_ONE(prod, qmcu_reduce_params, int32_t, 1, (int32_t)((uint32_t)value *(uint32_t)item))

void qmcu_reduce_prod_s32(const qmcu_reduce_params *params, const int32_t *input, int32_t *output)
{
    QMCU_REDUCE_ALL(int32_t, prod, params, input, output);
}

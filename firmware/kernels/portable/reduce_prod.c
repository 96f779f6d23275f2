/* The product of quantized elements along some dimensions. */
#include "reduce_prod.h"

QMCU_SCALED_PRODUCT(product, int8_t)

static inline int8_t one(const qmcu_reduce_prod_params *p, const int8_t *first)
{
    return qmcu_clamp_s8(product(p, first), INT8_MIN, INT8_MAX);
}

void qmcu_reduce_prod(const qmcu_reduce_prod_params *params, const int8_t *input, int8_t *output)
{
    QMCU_REDUCE_ALL(int8_t, one, params, input, output);
}

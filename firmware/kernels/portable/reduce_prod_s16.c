/* The product of quantized elements along some dimensions. */
#include "reduce_prod_s16.h"

QMCU_SCALED_PRODUCT(product, int16_t)

static inline int16_t one(const qmcu_reduce_prod_params *p, const int16_t *first)
{
    return qmcu_clamp_s16(product(p, first), INT16_MIN, INT16_MAX);
}

void qmcu_reduce_prod_s16(const qmcu_reduce_prod_params *params, const int16_t *input,
                          int16_t *output)
{
    QMCU_REDUCE_ALL(int16_t, one, params, input, output);
}

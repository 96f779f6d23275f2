/* The smallest of the elements along some dimensions. */
#include "reduce_min.h"

QMCU_REDUCE_ONE(smallest, qmcu_reduce_params, int8_t, INT8_MAX, item < value ? item : value)

void qmcu_reduce_min(const qmcu_reduce_params *params, const int8_t *input, int8_t *output)
{
    QMCU_REDUCE_ALL(int8_t, smallest, params, input, output);
}

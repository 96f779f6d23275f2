/* The largest of the elements along some dimensions. */
#include "reduce_max.h"

QMCU_REDUCE_ONE(largest, qmcu_reduce_params, int8_t, INT8_MIN, item > value ? item : value)

void qmcu_reduce_max(const qmcu_reduce_params *params, const int8_t *input, int8_t *output)
{
    QMCU_REDUCE_ALL(int8_t, largest, params, input, output);
}

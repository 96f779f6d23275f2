/* The largest of the elements along some dimensions. */
#include "reduce_max_s16.h"

QMCU_REDUCE_ONE(largest, qmcu_reduce_params, int16_t, INT16_MIN, item > value ? item : value)

void qmcu_reduce_max_s16(const qmcu_reduce_params *params, const int16_t *input, int16_t *output)
{
    QMCU_REDUCE_ALL(int16_t, largest, params, input, output);
}

/* The mean of integers along some dimensions, cut off towards 0. */
#include "mean_s64.h"

QMCU_MEAN_OF_INTEGERS(one, int64_t)

void qmcu_mean_s64(const qmcu_mean_integers_params *params, const int64_t *input, int64_t *output)
{
    QMCU_REDUCE_ALL(int64_t, one, params, input, output);
}

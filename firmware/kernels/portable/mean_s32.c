/* The mean of integers along some dimensions, cut off towards 0. */
#include "mean_s32.h"

QMCU_MEAN_OF_INTEGERS(one, int32_t)

void qmcu_mean_s32(const qmcu_mean_integers_params *params, const int32_t *input, int32_t *output)
{
    QMCU_REDUCE_ALL(int32_t, one, params, input, output);
}

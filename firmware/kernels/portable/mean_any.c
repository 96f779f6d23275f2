/* Mean over dimensions that lie apart: the same as qmcu_mean over more groups of them.

   output = clamp(requantize(sum of inputs - input_zero_point * count) + output_zero_point); the
   multiplier is that of the two scales, divided by the count. */
#include "mean_any.h"

#include "accumulate.h"
#include "reduce.h"

QMCU_MEAN_SUM(sum_of, int8_t)

static inline int8_t mean_of(const qmcu_mean_any_params *p, const int8_t *first)
{
    return qmcu_output_s8(sum_of(p, first), p->multiplier, p->shift, p->output_zero_point, INT8_MIN,
                          INT8_MAX);
}

void qmcu_mean_any(const qmcu_mean_any_params *params, const int8_t *input, int8_t *output)
{
    QMCU_REDUCE_ALL(int8_t, mean_of, params, input, output);
}

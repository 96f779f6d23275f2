/* Mean of int16 over dimensions that lie apart; sums wrap around as the interpreter's do.

   output = clamp(requantize(sum of inputs - input_zero_point * count) + output_zero_point); the
   multiplier is that of the two scales, divided by the count. */
#include "mean_any_s16.h"

#include "accumulate.h"
#include "reduce.h"

QMCU_MEAN_SUM(sum_of, int16_t)

static inline int16_t mean_of(const qmcu_mean_any_params *p, const int16_t *first)
{
    const int32_t scaled = qmcu_requantize((int32_t)sum_of(p, first), p->multiplier, p->shift);
    const int32_t value = (int32_t)((uint32_t)scaled + (uint32_t)p->output_zero_point);
    return (int16_t)(value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : value);
}

void qmcu_mean_any_s16(const qmcu_mean_any_params *params, const int16_t *input, int16_t *output)
{
    QMCU_REDUCE_ALL(int16_t, mean_of, params, input, output);
}

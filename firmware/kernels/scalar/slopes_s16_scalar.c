/* slopes_s16_code.h says what it computes: the product of both halves of the multiplier. */
#include "slopes_s16_scalar.h"

#include "slopes_s16_code.h"

static inline int32_t times(int32_t multiplier, int32_t x)
{
    return x * (multiplier >> 16) + (x * (multiplier & 0xFFFF) >> 16);
}

void qmcu_slopes_s16_scalar(const qmcu_slopes_s16_scalar_params *params, const int16_t *input,
                            int16_t *output)
{
    qmcu_slopes_s16_by(params, input, output, times);
}

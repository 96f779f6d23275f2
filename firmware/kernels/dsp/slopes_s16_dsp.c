/* slopes_s16_code.h says what it computes: SMULWB is the product. */
#include "slopes_s16_dsp.h"

#include "slopes_s16_code.h"

static inline int32_t times(int32_t multiplier, int32_t x)
{
    int32_t r;
    __asm("smulwb %0, %1, %2" : "=r"(r) : "r"(multiplier), "r"(x));
    return r;
}

void qmcu_slopes_s16_dsp(const qmcu_slopes_s16_dsp_params *params, const int16_t *input,
                         int16_t *output)
{
    qmcu_slopes_s16_by(params, input, output, times);
}

/* output = clamp(requantize(input)) of int16: RELU and RELU6. */
#include "relu_s16.h"

#include "accumulate_s16.h"

void qmcu_relu_s16(const qmcu_relu_s16_params *params, const int16_t *input, int16_t *output)
{
    const qmcu_relu_s16_params *const p = params;
    for (int32_t i = 0; i < p->size; ++i) {
        const int32_t scaled = qmcu_requantize(input[i], p->multiplier, p->shift);
        output[i] = qmcu_clamp_s16(scaled, p->minimum, p->maximum);
    }
}

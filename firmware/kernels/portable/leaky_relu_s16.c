/* x where it is not negative, else alpha * x, of int16: output = clamp(requantize(that)). */
#include "leaky_relu_s16.h"

#include "accumulate_s16.h"

void qmcu_leaky_relu_s16(const qmcu_leaky_relu_s16_params *params, const int16_t *input,
                         int16_t *output)
{
    const qmcu_leaky_relu_s16_params *const p = params;
    for (int32_t i = 0; i < p->size; ++i) {
        const int32_t x = input[i];
        const int32_t scaled =
            x >= 0
                ? qmcu_requantize(x, p->positive_multiplier, p->positive_shift)
                : p->negative_sign * qmcu_requantize(x, p->negative_multiplier, p->negative_shift);
        output[i] = qmcu_clamp_s16(scaled, INT16_MIN, INT16_MAX);
    }
}

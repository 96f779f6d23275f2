/* output = clamp(round((input - input_zero_point) * real multiplier) + output_zero_point). */
#include "requantize_s16_s16.h"

void qmcu_requantize_s16_s16(const qmcu_requantize_params *params, const int16_t *input,
                             int16_t *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = (int16_t)qmcu_requantize_element(params, input[i], INT16_MIN, INT16_MAX);
    }
}

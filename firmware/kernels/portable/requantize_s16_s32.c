/* output = clamp(round((input - input_zero_point) * real multiplier) + output_zero_point). */
#include "small.h"

#include "requantize_s16_s32.h"

void qmcu_requantize_s16_s32(const qmcu_requantize_params *params, const int16_t *input,
                             int32_t *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = qmcu_requantize_element(params, input[i], INT32_MIN, INT32_MAX);
    }
}

/* output = clamp(round((input - input_zero_point) * real multiplier) + output_zero_point). */
#ifndef __ARM_ARCH_6M__
#include "small.h"
#endif

#include "requantize_s16_s8.h"

void qmcu_requantize_s16_s8(const qmcu_requantize_params *params, const int16_t *input,
                            int8_t *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = (int8_t)qmcu_requantize_element(params, input[i], INT8_MIN, INT8_MAX);
    }
}

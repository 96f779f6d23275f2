/* output = input * input */
#include "square_f32.h"

void qmcu_square_f32(const qmcu_unary_params *params, const float *input, float *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = input[i] * input[i];
    }
}

/* 1 above 0, -1 below, otherwise 0: of what is not a number, too. */
#include "sign_f32.h"

void qmcu_sign_f32(const qmcu_unary_params *params, const float *input, float *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = input[i] > 0.0f ? 1.0f : input[i] < 0.0f ? -1.0f : 0.0f;
    }
}

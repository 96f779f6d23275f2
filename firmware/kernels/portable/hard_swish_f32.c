/* output = input * min(max(input + 3, 0), 6) / 6, rounded after each step */
#include "hard_swish_f32.h"

static float swish(float x)
{
    const float above = x + 3.0f;
    /* Of two that are equal or not comparable the limit is taken, as the interpreter does. */
    const float gate = 0.0f < above ? above : 0.0f;
    return x * (gate < 6.0f ? gate : 6.0f) / 6.0f;
}

void qmcu_hard_swish_f32(const qmcu_unary_params *params, const float *input, float *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = swish(input[i]);
    }
}

/* output = the nearest whole number to input, ties to even */
#include "round_f32.h"

#include "real_functions.h"

static float nearest(float value)
{
    const float below = qmcu_floor(value);
    const float rest = value - below;
    const float half = below * 0.5f;
    if (rest < 0.5f || (rest == 0.5f && qmcu_truncate(half) == half)) {
        return below;
    }
    return below + 1.0f;
}

void qmcu_round_f32(const qmcu_unary_params *params, const float *input, float *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = nearest(input[i]);
    }
}

/* output = 1 / (1 + exp(-input)), rounded after each step */
#include "logistic_f32.h"

#include "exponential.h"

static float logistic(float x)
{
    if (x > 16.619047164916992188f) {
        return 1.0f;
    }
    return x < -9.0f ? qmcu_exp(x) : 1.0f / (1.0f + qmcu_exp(-x));
}

void qmcu_logistic_f32(const qmcu_unary_params *params, const float *input, float *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = logistic(input[i]);
    }
}

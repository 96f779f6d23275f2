/* output = 1 / (1 + exp(-input)), rounded after each step */
#include "logistic_f32.h"

#include "exponential.h"

void qmcu_logistic_f32(const qmcu_unary_params *params, const float *input, float *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = qmcu_logistic(input[i]);
    }
}

/* output = input, or exp(input) - 1 where it is negative */
#include "elu_f32.h"

#include "hyperbolic.h"

void qmcu_elu_f32(const qmcu_unary_params *params, const float *input, float *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = input[i] < 0.0f ? qmcu_expm1(input[i]) : input[i];
    }
}

/* output = tanh(input) */
#include "tanh_f32.h"

#include "hyperbolic.h"

void qmcu_tanh_f32(const qmcu_unary_params *params, const float *input, float *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = qmcu_tanh(input[i]);
    }
}

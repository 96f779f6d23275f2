/* output = 1 / sqrt(input), rounded after either */
#include "rsqrt_f32.h"

#include "real_functions.h"

void qmcu_rsqrt_f32(const qmcu_unary_params *params, const float *input, float *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = 1.0f / qmcu_square_root(input[i]);
    }
}

/* output = the next whole number above input */
#include "ceil_f32.h"

#include "real_functions.h"

void qmcu_ceil_f32(const qmcu_unary_params *params, const float *input, float *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = -qmcu_floor(-input[i]);
    }
}

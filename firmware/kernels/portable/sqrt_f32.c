/* output = the square root of input, correctly rounded */
#include "sqrt_f32.h"

#include "real_functions.h"

void qmcu_sqrt_f32(const qmcu_unary_params *params, const float *input, float *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = qmcu_square_root(input[i]);
    }
}

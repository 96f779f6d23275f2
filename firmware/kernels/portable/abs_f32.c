/* output = |input|: the sign bit is cleared */
#include "abs_f32.h"

#include "real_functions.h"

void qmcu_abs_f32(const qmcu_unary_params *params, const float *input, float *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = qmcu_float_of(qmcu_bits_of(input[i]) & 0x7fffffffu);
    }
}

/* output = input rounded towards zero, its low bytes where the output is narrower than 32 bits;
   what does not fit 32 bits, or is not a number, becomes -2^31 before that, as on the interpreter's
   machine. */
#include "cast_f32_integers.h"

static int32_t whole(float value)
{
    return value < 2147483648.0f && value >= -2147483648.0f ? (int32_t)value : INT32_MIN;
}

void qmcu_cast_f32_integers(const qmcu_cast_params *params, const float *input, void *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        qmcu_store(output, params->output_bytes, i, whole(input[i]));
    }
}

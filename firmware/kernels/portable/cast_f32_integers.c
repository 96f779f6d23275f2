/* output = input rounded towards zero, or the end of the output's range that it is beyond; 0 for what
   is not a number. */
#include "cast_f32_integers.h"

static int32_t whole(float value, int32_t bytes)
{
    const int32_t greatest = (int32_t)(0x7fffffffu >> (32 - 8 * bytes));
    if (value != value) {
        return 0;
    }
    /* The greatest int32 is no float: the next above it is. */
    if (value >= (float)greatest) {
        return greatest;
    }
    return value <= -(float)greatest - 1.0f ? -greatest - 1 : (int32_t)value;
}

void qmcu_cast_f32_integers(const qmcu_cast_params *params, const float *input, void *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        qmcu_store(output, params->output_bytes, i, whole(input[i], params->output_bytes));
    }
}

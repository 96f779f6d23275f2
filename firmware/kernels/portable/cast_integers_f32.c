/* output = the nearest float to input. */
#include "cast_integers_f32.h"

void qmcu_cast_integers_f32(const qmcu_cast_params *params, const void *input, float *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = (float)qmcu_load(input, params->input_bytes, i);
    }
}

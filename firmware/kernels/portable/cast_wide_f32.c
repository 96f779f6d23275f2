/* output = the nearest float to input. */
#include "cast_wide_f32.h"

void qmcu_cast_wide_f32(const qmcu_cast_wide_params *params, const void *input, float *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = (float)qmcu_load_wide(input, params, i);
    }
}

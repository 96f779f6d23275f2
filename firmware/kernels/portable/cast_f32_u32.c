/* output = input rounded towards zero, or the end of uint32 that it is beyond; 0 for what is not a
   number. */
#include "cast_f32_u32.h"

void qmcu_cast_f32_u32(const qmcu_cast_wide_params *params, const float *input, uint32_t *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        const float value = input[i];
        /* A comparison with what is no number is false. */
        if (!(value > 0.0f)) {
            output[i] = 0;
        } else {
            /* 2^32 is a float, its predecessor among the integers is none. */
            output[i] = value >= 4294967296.0f ? UINT32_MAX : (uint32_t)value;
        }
    }
}

/* output = whether input is not 0, of either sign. */
#include "cast_f32_bool.h"

void qmcu_cast_f32_bool(const qmcu_cast_params *params, const float *input, uint8_t *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = input[i] != 0.0f;
    }
}

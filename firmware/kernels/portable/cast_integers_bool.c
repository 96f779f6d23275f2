/* output = whether input is not 0. */
#include "cast_integers_bool.h"

void qmcu_cast_integers_bool(const qmcu_cast_params *params, const void *input, uint8_t *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = qmcu_load(input, params->input_bytes, i) != 0;
    }
}

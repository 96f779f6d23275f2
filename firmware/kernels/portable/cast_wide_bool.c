/* output = whether input is not 0. */
#include "cast_wide_bool.h"

void qmcu_cast_wide_bool(const qmcu_cast_wide_params *params, const void *input, uint8_t *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = qmcu_load_wide(input, params, i) != 0;
    }
}

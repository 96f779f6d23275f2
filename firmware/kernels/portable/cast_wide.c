/* output = input, its low bytes where the output is narrower. */
#include "cast_wide.h"

void qmcu_cast_wide(const qmcu_cast_wide_params *params, const void *input, void *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        const int64_t value = qmcu_load_wide(input, params, i);
        if (params->output_bytes == 1) {
            ((uint8_t *)output)[i] = (uint8_t)value;
        } else if (params->output_bytes == 2) {
            ((uint16_t *)output)[i] = (uint16_t)value;
        } else if (params->output_bytes == 4) {
            ((uint32_t *)output)[i] = (uint32_t)value;
        } else {
            ((int64_t *)output)[i] = value;
        }
    }
}

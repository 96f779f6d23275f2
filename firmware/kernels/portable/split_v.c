/* Cuts a tensor into parts of any sizes along an axis. */
#include "split_v.h"

#include <string.h>

void qmcu_split_v(const qmcu_split_v_params *params, const int8_t *input, const int32_t *sizes,
                  int8_t *const *outputs)
{
    for (int32_t row = 0; row < params->rows; ++row) {
        for (int32_t part = 0; part < params->parts; ++part) {
            memcpy(outputs[part] + row * sizes[part], input, (size_t)sizes[part]);
            input += sizes[part];
        }
    }
}

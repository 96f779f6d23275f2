/* Cuts a tensor into equal parts along an axis. */
#include "split.h"

#include <string.h>

void qmcu_split(const qmcu_split_params *params, const int8_t *input, int8_t *const *outputs)
{
    const qmcu_split_params *const p = params;
    for (int32_t row = 0; row < p->rows; ++row) {
        for (int32_t part = 0; part < p->parts; ++part) {
            memcpy(outputs[part] + row * p->size, input, (size_t)p->size);
            input += p->size;
        }
    }
}

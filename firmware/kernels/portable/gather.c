/* output[batch][row][i] = input[batch][row][indices[batch][i]], in blocks of bytes. */
#include "gather.h"

#include <string.h>

static int32_t inside(int32_t index, int32_t length)
{
    if (index < 0) {
        return 0;
    }
    return index < length ? index : length - 1;
}

void qmcu_gather(const qmcu_gather_params *params, const int8_t *input, const int32_t *indices,
                 int8_t *output)
{
    const qmcu_gather_params *const p = params;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t row = 0; row < p->rows; ++row) {
            for (int32_t i = 0; i < p->count; ++i) {
                memcpy(output, input + inside(indices[i], p->length) * p->block, (size_t)p->block);
                output += p->block;
            }
            input += p->length * p->block;
        }
        indices += p->count;
    }
}

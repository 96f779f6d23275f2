/* The input in the middle of an output filled with one value of any size. */
#include "pad_wide.h"

#include <string.h>

/* 1 when the row holds a row of the input. */
static int32_t inside(const qmcu_pad_wide_params *p, const qmcu_walk *walk)
{
    for (int32_t d = 0; d < QMCU_WALK_RANK - 1; ++d) {
        if (walk->at[d] < p->before[d] || walk->at[d] >= p->before[d] + p->input[d]) {
            return 0;
        }
    }
    return 1;
}

static int8_t *fill(const qmcu_pad_wide_params *p, const int8_t *value, int32_t count,
                    int8_t *output)
{
    for (int32_t i = 0; i < count; ++i) {
        memcpy(output, value, (size_t)p->size);
        output += p->size;
    }
    return output;
}

void qmcu_pad_wide(const qmcu_pad_wide_params *params, const int8_t *input, const int8_t *value,
                   int8_t *output)
{
    const qmcu_pad_wide_params *const p = params;
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    const int32_t before = p->before[QMCU_WALK_RANK - 1];
    const int32_t kept = p->input[QMCU_WALK_RANK - 1];
    const int32_t bytes = kept * p->size;
    qmcu_walk walk = qmcu_walk_begin();
    do {
        if (inside(p, &walk)) {
            output = fill(p, value, before, output);
            memcpy(output, input, (size_t)bytes);
            input += bytes;
            output = fill(p, value, length - before - kept, output + bytes);
        } else {
            output = fill(p, value, length, output);
        }
    } while (qmcu_walk_next(&walk, p->shape));
}

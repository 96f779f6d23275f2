/* The input in the middle of an output filled with one value. */
#include "pad.h"

#include <string.h>

/* 1 when the row holds a row of the input. */
static int32_t inside(const qmcu_pad_params *p, const qmcu_walk *walk)
{
    for (int32_t d = 0; d < QMCU_WALK_RANK - 1; ++d) {
        if (walk->at[d] < p->before[d] || walk->at[d] >= p->before[d] + p->input[d]) {
            return 0;
        }
    }
    return 1;
}

void qmcu_pad(const qmcu_pad_params *params, const int8_t *input, int8_t *output)
{
    const qmcu_pad_params *const p = params;
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    const int32_t before = p->before[QMCU_WALK_RANK - 1];
    const int32_t kept = p->input[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        if (inside(p, &walk)) {
            memset(output, p->value, (size_t)before);
            memcpy(output + before, input, (size_t)kept);
            memset(output + before + kept, p->value, (size_t)(length - before - kept));
            input += kept;
        } else {
            memset(output, p->value, (size_t)length);
        }
        output += length;
    } while (qmcu_walk_next(&walk, p->shape));
}

/* The input in the middle of an output filled with one value. */
#ifndef QMCU_PAD_CODE_H
#define QMCU_PAD_CODE_H

#include "pad.h"
#include "bytes.h"

/* 1 when the row holds a row of the input. */
static inline int32_t inside(const qmcu_pad_params *p, const qmcu_walk *walk)
{
    for (int32_t d = 0; d < QMCU_WALK_RANK - 1; ++d) {
        if (walk->at[d] < p->before[d] || walk->at[d] >= p->before[d] + p->input[d]) {
            return 0;
        }
    }
    return 1;
}

static inline __attribute__((always_inline)) void qmcu_pad_by(const qmcu_pad_params *params,
                                                              const int8_t *input, int8_t *output,
                                                              qmcu_copy_function *copy,
                                                              qmcu_fill_function *fill)
{
    const qmcu_pad_params *const p = params;
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    const int32_t before = p->before[QMCU_WALK_RANK - 1];
    const int32_t kept = p->input[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        if (inside(p, &walk)) {
            fill(output, p->value, before);
            copy(output + before, input, kept);
            fill(output + before + kept, p->value, length - before - kept);
            input += kept;
        } else {
            fill(output, p->value, length);
        }
        output += length;
    } while (qmcu_walk_next(&walk, p->shape));
}

#endif

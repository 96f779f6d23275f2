/* Joins tensors along an axis: each row of the output is a row of every part in turn. */
#ifndef QMCU_CONCATENATION_CODE_H
#define QMCU_CONCATENATION_CODE_H

#include "concatenation.h"
#include "bytes.h"

static inline __attribute__((always_inline)) void
qmcu_concatenation_by(const qmcu_concatenation_params *params, const int8_t *const *inputs,
                      const int8_t *constants, int8_t *output, qmcu_copy_function *copy)
{
    const qmcu_concatenation_params *const p = params;
    for (int32_t row = 0; row < p->rows; ++row) {
        int32_t next = 0;
        for (int32_t part = 0; part < p->parts; ++part) {
            const int8_t *const source =
                p->offsets[part] < 0 ? inputs[next++] : constants + p->offsets[part];
            copy(output, source + row * p->sizes[part], p->sizes[part]);
            output += p->sizes[part];
        }
    }
}

#endif

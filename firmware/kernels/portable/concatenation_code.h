/* Joins tensors along an axis: each row of the output is a row of every part in turn. */
#ifndef QMCU_CONCATENATION_CODE_H
#define QMCU_CONCATENATION_CODE_H

#include "concatenation.h"
#include "copy_rows.h"

static inline __attribute__((always_inline)) void
qmcu_concatenation_by(const qmcu_concatenation_params *params, const int8_t *const *inputs,
                      const int8_t *constants, int8_t *output, qmcu_copy_rows_function *copy)
{
    const qmcu_concatenation_params *const p = params;
    int32_t whole = 0;
    for (int32_t part = 0; part < p->parts; ++part) {
        whole += p->sizes[part];
    }
    for (int32_t part = 0; part < p->parts; ++part) {
        const int32_t size = p->sizes[part], offset = p->offsets[part];
        const int8_t *const source = offset < 0 ? *inputs++ : constants + offset;
        copy(output, whole, source, size, size, p->rows);
        output += size;
    }
}

#endif

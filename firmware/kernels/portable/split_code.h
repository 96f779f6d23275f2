/* Cuts a tensor into equal parts along an axis. */
#ifndef QMCU_SPLIT_CODE_H
#define QMCU_SPLIT_CODE_H

#include "copy_rows.h"
#include "split.h"

static inline __attribute__((always_inline)) void qmcu_split_by(const qmcu_split_params *params,
                                                                const int8_t *input,
                                                                int8_t *const *outputs,
                                                                qmcu_copy_rows_function *copy)
{
    const int32_t size = params->size;
    for (int32_t part = 0; part < params->parts; ++part) {
        copy(outputs[part], size, input, params->parts * size, size, params->rows);
        input += size;
    }
}

#endif

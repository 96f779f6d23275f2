/* The rows of a transposition or slice, the last two dimensions without a walk: rows may be short. */
#ifndef QMCU_STRIDED_COPY_CODE_H
#define QMCU_STRIDED_COPY_CODE_H

#include "copy_rows.h"
#include "strided_copy.h"

/* Fewer elements in a row are not worth a loop of their own. */
#define QMCU_FEW_COLUMNS 4

/* to[i] = from[i * step]; cores have functions of their own. */
typedef void qmcu_gather_function(int8_t *to, const int8_t *from, int32_t step, int32_t count);

static inline __attribute__((always_inline)) void qmcu_gather_plain(int8_t *to, const int8_t *from,
                                                                    int32_t step, int32_t count)
{
    for (const int8_t *const end = to + count; to != end; from += step) {
        *to++ = *from;
    }
}

/* Rows of few elements, `below` apart: one column of them after the other. */
typedef void qmcu_columns_function(int8_t *to, int32_t length, const int8_t *from, int32_t step,
                                   int32_t below, int32_t rows);

static inline void qmcu_copy_columns(int8_t *to, int32_t length, const int8_t *from, int32_t step,
                                     int32_t below, int32_t rows)
{
    const int32_t size = rows * length;
    for (int32_t i = 0; i < length; ++i, from += step) {
        const int8_t *element = from;
        for (int32_t at = i; at < size; at += length, element += below) {
            to[at] = *element;
        }
    }
}

static inline __attribute__((always_inline)) void
qmcu_strided_copy_by(const qmcu_strided_copy_params *params, const int8_t *input, int8_t *output,
                     qmcu_copy_rows_function *copy, qmcu_gather_function *gather,
                     qmcu_columns_function *columns)
{
    const qmcu_strided_copy_params *const p = params;
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    const int32_t step = p->strides[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const int8_t *row = input + p->start + qmcu_walk_offset(&walk, p->strides);
        const int32_t rows = p->shape[QMCU_WALK_RANK - 2];
        const int32_t below = p->strides[QMCU_WALK_RANK - 2];
        if (step != 1 && length < QMCU_FEW_COLUMNS) {
            columns(output, length, row, step, below, rows);
            output += rows * length;
        } else if (step == 1) {
            copy(output, length, row, below, length, rows);
            output += rows * length;
        } else {
            for (int32_t left = rows; left > 0; --left, row += below) {
                gather(output, row, step, length);
                output += length;
            }
        }
        walk.at[QMCU_WALK_RANK - 2] = p->shape[QMCU_WALK_RANK - 2] - 1;
    } while (qmcu_walk_next(&walk, p->shape));
}

#endif

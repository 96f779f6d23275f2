/* Pairs of inputs with broadcasting by rows in which, where that can be, one of them is repeated: along
   some dimension, which the compiler has put last. */
#ifndef QMCU_ROWS_DSP_H
#define QMCU_ROWS_DSP_H

#include "output_strides.h"

/* One row of pairs; each step is the distance of neighbours, in bytes. */
typedef void qmcu_pair_row_dsp(const void *terms, const int8_t *wide, int32_t wide_step,
                               const int8_t *other, int32_t other_step, int8_t *output,
                               int32_t step, int32_t length);

/* All rows, with the wider input first. */
static inline __attribute__((always_inline)) void
qmcu_walk_pairs_dsp(const int32_t *shape, const int32_t *wide_strides, const int32_t *other_strides,
                    int32_t along, const int8_t *wide, const int8_t *other, int8_t *output,
                    const void *terms, qmcu_pair_row_dsp *row)
{
    const int32_t last = QMCU_WALK_RANK - 1;
    int32_t strides[QMCU_WALK_RANK];
    qmcu_output_strides(shape, along, strides);
    qmcu_walk walk = qmcu_walk_begin();
    do {
        row(terms, wide + qmcu_walk_offset(&walk, wide_strides), wide_strides[last],
            other + qmcu_walk_offset(&walk, other_strides), other_strides[last],
            output + qmcu_walk_offset(&walk, strides), strides[last], shape[last]);
    } while (qmcu_walk_next(&walk, shape));
}

#endif

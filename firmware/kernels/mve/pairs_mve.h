/* Two inputs of bytes with broadcasting, as pairs.h, 16 at a time. */
#ifndef QMCU_PAIRS_MVE_H
#define QMCU_PAIRS_MVE_H

#include "walk.h"

#include <arm_mve.h>
#include <stdint.h>

/* As many bytes as are live, or where they are repeated the one 16 times. */
static inline int8x16_t qmcu_bytes_at(const int8_t *bytes, int32_t step, mve_pred16_t live)
{
    return step ? vldrbq_z_s8(bytes, live) : vdupq_n_s8(*bytes);
}

/* Runs output = operation(a, b) over the rows; the parameters hold shape, strides1 and strides2. */
#define QMCU_PAIRS_OF_BYTES(operation, p, input1, input2, output)                            \
    do {                                                                                     \
        const int32_t length = (p)->shape[QMCU_WALK_RANK - 1];                               \
        const int32_t step1 = (p)->strides1[QMCU_WALK_RANK - 1];                             \
        const int32_t step2 = (p)->strides2[QMCU_WALK_RANK - 1];                             \
        qmcu_walk walk = qmcu_walk_begin();                                                  \
        do {                                                                                 \
            const int8_t *a = (input1) + qmcu_walk_offset(&walk, (p)->strides1);             \
            const int8_t *b = (input2) + qmcu_walk_offset(&walk, (p)->strides2);             \
            for (int32_t i = 0; i < length; i += 16, a += 16 * step1, b += 16 * step2) {     \
                const mve_pred16_t live = vctp8q((uint32_t)(length - i));                    \
                vstrbq_p_s8(                                                                 \
                    (output) + i,                                                            \
                    operation(qmcu_bytes_at(a, step1, live), qmcu_bytes_at(b, step2, live)), \
                    live);                                                                   \
            }                                                                                \
            (output) += length;                                                              \
        } while (qmcu_walk_next(&walk, (p)->shape));                                         \
    } while (0)

#endif

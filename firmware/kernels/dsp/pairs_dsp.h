/* Two inputs of bytes with broadcasting, as pairs.h, four at a time. */
#ifndef QMCU_PAIRS_DSP_H
#define QMCU_PAIRS_DSP_H

#include "dsp.h"
#include "walk.h"

/* Four bytes, or where they are repeated the one four times. */
static inline uint32_t qmcu_bytes_at(const int8_t *bytes, int32_t step)
{
    return step ? qmcu_load_word(bytes) : (uint32_t)(uint8_t)*bytes * 0x01010101u;
}

/* Runs output = operation(a, b) over the rows; the parameters hold shape, strides1 and strides2. */
#define QMCU_PAIRS_OF_BYTES(operation, p, input1, input2, output)                             \
    do {                                                                                      \
        const int32_t length = (p)->shape[QMCU_WALK_RANK - 1];                                \
        const int32_t step1 = (p)->strides1[QMCU_WALK_RANK - 1];                              \
        const int32_t step2 = (p)->strides2[QMCU_WALK_RANK - 1];                              \
        qmcu_walk walk = qmcu_walk_begin();                                                   \
        do {                                                                                  \
            const int8_t *a = (input1) + qmcu_walk_offset(&walk, (p)->strides1);              \
            const int8_t *b = (input2) + qmcu_walk_offset(&walk, (p)->strides2);              \
            int32_t i = 0;                                                                    \
            for (; i + 4 <= length; i += 4, a += 4 * step1, b += 4 * step2) {                 \
                qmcu_store_word((output) + i,                                                 \
                                operation(qmcu_bytes_at(a, step1), qmcu_bytes_at(b, step2))); \
            }                                                                                 \
            for (; i < length; ++i, a += step1, b += step2) {                                 \
                (output)[i] = (int8_t)operation((uint8_t)*a, (uint8_t)*b);                    \
            }                                                                                 \
            (output) += length;                                                               \
        } while (qmcu_walk_next(&walk, (p)->shape));                                          \
    } while (0)

#endif

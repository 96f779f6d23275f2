/* The largest or smallest of each row, four bytes at a time. */
#ifndef QMCU_REDUCE_ROWS_DSP_H
#define QMCU_REDUCE_ROWS_DSP_H

#include "dsp.h"
#include "reduce_rows.h"

typedef uint32_t qmcu_extreme_of_four(uint32_t a, uint32_t b);

/* `of_four` chooses lane by lane. */
static inline __attribute__((always_inline)) void
qmcu_reduce_rows_dsp(const qmcu_reduce_rows_params *params, const int8_t *input, int8_t *output,
                     qmcu_extreme_of_four *of_four)
{
    const int32_t length = params->length;
    for (int32_t row = params->rows; row > 0; --row) {
        const int8_t *const end = input + length;
        uint32_t four = (uint8_t)*input * 0x01010101u;
        for (; end - input >= 8; input += 8) {
            four = of_four(four, qmcu_load_word(input));
            four = of_four(four, qmcu_load_word(input + 4));
        }
        for (; end - input >= 4; input += 4) {
            four = of_four(four, qmcu_load_word(input));
        }
        for (; input != end; ++input) {
            four = of_four(four, (uint8_t)*input * 0x01010101u);
        }
        four = of_four(four, four >> 16 | four << 16);
        *output++ = (int8_t)of_four(four, four >> 8);
    }
}

#endif

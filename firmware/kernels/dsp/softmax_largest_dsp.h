/* The largest of a row of bytes, four at a time. */
#ifndef QMCU_SOFTMAX_LARGEST_DSP_H
#define QMCU_SOFTMAX_LARGEST_DSP_H

#include "dsp.h"

static int32_t qmcu_largest_dsp(const int8_t *input, int32_t depth)
{
    int32_t largest = INT8_MIN, left = depth;
    if (left >= 4) {
        uint32_t four = qmcu_load_word(input);
        for (; left >= 4; left -= 4, input += 4) {
            four = qmcu_maximum_s8x4(four, qmcu_load_word(input));
        }
        four = qmcu_maximum_s8x4(four, four >> 16 | four << 16);
        four = qmcu_maximum_s8x4(four, four >> 8);
        largest = (int8_t)four;
    }
    for (; left > 0; --left, ++input) {
        largest = *input > largest ? *input : largest;
    }
    return largest;
}

#endif

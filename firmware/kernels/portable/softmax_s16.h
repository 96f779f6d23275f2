#ifndef QMCU_SOFTMAX_S16_H
#define QMCU_SOFTMAX_S16_H

#include <stdint.h>

typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t multiplier; /* beta * input scale, with shift, in steps of 10 / 65535 */
    int32_t shift;
} qmcu_softmax_s16_params;

/* input and output [rows][depth], at most 65535 deep; output has scale 2^-15 and may be input.
   exponentials[i] is exp(10 * (i / 512 - 1)), reciprocals[i] is 1 / (1 + i / 512), both with 15
   fractional bits and an entry for i = 512. */
void qmcu_softmax_s16(const qmcu_softmax_s16_params *params, const int16_t *input,
                      const int16_t *exponentials, const int16_t *reciprocals, int16_t *output);

#endif

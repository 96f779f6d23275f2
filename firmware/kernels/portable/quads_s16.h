/* Products of int16 with int8 whose sums, with their bias, are proved to stay in 32 bits. */
#ifndef QMCU_QUADS_S16_H
#define QMCU_QUADS_S16_H

#include <stdint.h>

typedef struct {
    int32_t depth; /* values of a column */
    int32_t outputs;
    int32_t activation_minimum;
    int32_t activation_maximum;
} qmcu_quads_s16;

/* output[o] = clamp((sum * multipliers[o] + 2^31) >> 32), sum = bias[o] + sum over i of
   weights[o][i] * column[i]; a multiplier of 16 bits is shifted left so that the result is
   rounded once, as the interpreter rounds it. The outputs of an `other` column, unless it is null, come
   behind those of the first. */
typedef void qmcu_quads_s16_function(const qmcu_quads_s16 *quads, const int16_t *column,
                                     const int16_t *other, const int8_t *weights,
                                     const int32_t *bias, const int32_t *multipliers,
                                     int16_t *output);

#endif

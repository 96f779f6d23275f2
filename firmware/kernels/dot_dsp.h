/* Sums of products, several at once: the inner loops of convolution and fully connected layers. */
#ifndef QMCU_DOT_DSP_H
#define QMCU_DOT_DSP_H

#include <stdint.h>

/* sums[2 f + c] += weights of filter f * column c, for 2 filters and 2 columns.
   A step is 4 values: columns hold for each step four words, halfwords (0, 2) and (1, 3) of column
   0, then of column 1; weights hold 4 bytes of filter 0, then of filter 1. */
void qmcu_dot_2x2_s8(const uint32_t *columns, const int8_t *weights, uint32_t steps,
                     int32_t *sums);

/* The same with weights as halfwords (0, 2) and (1, 3) of filter 0, then of filter 1. */
void qmcu_dot_2x2_s16(const uint32_t *columns, const int16_t *weights, uint32_t steps,
                      int32_t *sums);

/* sums[f] += weights of filter f * the column, for 4 filters; per step the column holds two words
   and weights 4 bytes of each filter. */
void qmcu_dot_4x1_s8(const uint32_t *column, const int8_t *weights, uint32_t steps, int32_t *sums);

#endif

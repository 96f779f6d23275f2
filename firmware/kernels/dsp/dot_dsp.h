/* Sums of products, several at once: the inner loop of fully connected layers. */
#ifndef QMCU_DOT_DSP_H
#define QMCU_DOT_DSP_H

#include <stdint.h>

/* sums[f] += weights of filter f * the column, for 4 filters; per step the column holds two words
   and weights 4 bytes of each filter. */
void qmcu_dot_4x1_s8(const uint32_t *column, const int8_t *weights, uint32_t steps, int32_t *sums);

#endif

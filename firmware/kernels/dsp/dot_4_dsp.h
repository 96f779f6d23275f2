/* Four filters times one input, straight from bytes: 20 instructions for 16 products. */
#ifndef QMCU_DOT_4_DSP_H
#define QMCU_DOT_4_DSP_H

#include <stdint.h>

/* Adds to the four sums. A step is 4 values: weights hold for each step 4 bytes of each filter in
   turn, aligned to words; the input is read by words at any address. */
void qmcu_dot_4_dsp(const int8_t *input, const int8_t *weights, int32_t steps, int32_t *sums);

#endif

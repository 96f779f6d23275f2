/* Two columns times all filters: the inner loops of convolution. */
#ifndef QMCU_MULTIPLY_DSP_H
#define QMCU_MULTIPLY_DSP_H

#include "dsp.h"

#include <stdint.h>

/* first[f] and second[f] = output bytes of filter f for column 0 and 1, for `filters` filters;
   each byte of `second` is written before its twin in `first`.
   A step is 4 values: columns hold for each step four words, halfwords (0, 2) and (1, 3) of column
   0, then of column 1; weights hold, for each two filters and each step, 4 bytes of one, then of
   the other. */
void qmcu_multiply_s8(const uint32_t *columns, const int8_t *weights, uint32_t steps,
                      const qmcu_channel *channels, int32_t filters, int8_t *first, int8_t *second);

#endif

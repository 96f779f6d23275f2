/* Two columns times two filters, sums left as they are. */
#ifndef QMCU_MULTIPLY_SUMS_DSP_H
#define QMCU_MULTIPLY_SUMS_DSP_H

#include <stdint.h>

/* Adds to the sums of (filter, column) (0, 0), (0, 1), (1, 0), (1, 1). A step is 4 values: columns
   hold for each step four words, halfwords (0, 2) and (1, 3) of column 0, then of column 1. weights:
   of either filter its bytes, at any address. */
void qmcu_multiply_sums_dsp(const uint32_t *columns, const int8_t *const weights[2], int32_t steps,
                            int32_t *sums);

#endif

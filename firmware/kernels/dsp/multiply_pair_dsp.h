#ifndef QMCU_MULTIPLY_PAIR_DSP_H
#define QMCU_MULTIPLY_PAIR_DSP_H
#include "multiply_run_dsp.h"

/* columns: two, step by step of 4 values: column 0 bytes (0, 2), (1, 3), column 1 likewise, as
   halfwords. weights: for each pair of filters, for each halfword pair of a column, halfwords w0 +
   256 * w1. */
void qmcu_multiply_pair_dsp(const qmcu_multiply_run *run, const int16_t *weights);
#define QMCU_PAIR_STEP_CODE 92 /* bytes */

#endif

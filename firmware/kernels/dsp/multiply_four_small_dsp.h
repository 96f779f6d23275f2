#ifndef QMCU_MULTIPLY_FOUR_SMALL_DSP_H
#define QMCU_MULTIPLY_FOUR_SMALL_DSP_H

#include "multiply_four_dsp.h"

/* multiply_four_dsp.h with a word less a filter: behind the multiplier the shift in the lowest byte and
   2 * output zero point + 1 above it. Three instructions more for four outputs. */
void qmcu_multiply_four_small_dsp(const qmcu_four_run *run, const int32_t *filters);
void qmcu_multiply_one_small_dsp(const qmcu_four_run *run, const int32_t *filters);

#endif

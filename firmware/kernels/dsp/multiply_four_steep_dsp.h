/* multiply_four_dsp.h for any multiplier: rounding and shift as QMCU_RUN_OUTPUT_STEEP has them. */
#ifndef QMCU_MULTIPLY_FOUR_STEEP_DSP_H
#define QMCU_MULTIPLY_FOUR_STEEP_DSP_H

#include "multiply_four_dsp.h"

void qmcu_multiply_four_steep_dsp(const qmcu_four_run *run, const int32_t *filters);
void qmcu_multiply_one_steep_dsp(const qmcu_four_run *run, const int32_t *filters);

#endif

#ifndef QMCU_MULTIPLY_WIDE_STEEP_DSP_H
#define QMCU_MULTIPLY_WIDE_STEEP_DSP_H

#include "multiply_run_dsp.h"

/* As qmcu_multiply_wide_dsp for any multiplier: roundings and shifts of the filters are those of
   QMCU_RUN_OUTPUT_STEEP in multiply_code_dsp.h. */
void qmcu_multiply_wide_steep_dsp(const qmcu_multiply_run *run, const int16_t *weights);
#define QMCU_WIDE_STEEP_STEP_CODE 80 /* bytes */

#endif

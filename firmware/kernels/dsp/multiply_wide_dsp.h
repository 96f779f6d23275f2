#ifndef QMCU_MULTIPLY_WIDE_DSP_H
#define QMCU_MULTIPLY_WIDE_DSP_H

#include "multiply_run_dsp.h"

/* As qmcu_multiply_pair_dsp, with weights as halfwords, doubled, for twice the flash: for each
   pair of filters and 4 values of a column two words of each filter. joint_bias is twice the
   second filter's bias, bias0 twice the first's. */
void qmcu_multiply_wide_dsp(const qmcu_multiply_run *run, const int16_t *weights);
#define QMCU_WIDE_STEP_CODE 80

#endif

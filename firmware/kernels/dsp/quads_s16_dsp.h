#ifndef QMCU_QUADS_S16_DSP_H
#define QMCU_QUADS_S16_DSP_H

#include "quads_s16.h"
#include "transpose_conv_s16_quads.h"

/* Takes one column. Weights [outputs / 4][steps][4][4]: of each step of 4 values the bytes 0, 2, 1
   and 3 of each of four filters; bias and multipliers are filled up to fours. Reads up to 6 bytes
   behind the column (times zero). */
qmcu_quads_s16_function qmcu_quads_s16_dsp;

/* The same of weights whose values are filled up to twos: of two behind the last step, [4][2] of four
   filters as bytes 0 and 2, and 1 and 3, of words, and [2] of each that is left. */
qmcu_quads_s16_function qmcu_quads_even_s16_dsp;

/* Of weights in steps. */
qmcu_runs_s16_function qmcu_runs_s16_dsp;

#endif

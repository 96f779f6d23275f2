#ifndef QMCU_FULLY_CONNECTED_INT4_DSP_H
#define QMCU_FULLY_CONNECTED_INT4_DSP_H
#include "fully_connected_pair_dsp.h"

typedef qmcu_fully_connected_pair_dsp_params qmcu_fully_connected_int4_dsp_params;

/* fully_connected_pair_dsp.h with int4 weights. weights: for each four filters and each 8 values, 8
   halfwords, of the values 0, 2, 1, 3, 4, 6, 5, 7 of four filters each; halfwords and quads as for
   multiply_int4_dsp.h, but 0 for values beyond input_depth. */
void qmcu_fully_connected_int4_dsp(const qmcu_fully_connected_int4_dsp_params *params,
                                   const int8_t *input, const int16_t *weights,
                                   const int32_t *quads, int8_t *output);
#endif

#ifndef QMCU_MAX_POOL_2D_DSP_H
#define QMCU_MAX_POOL_2D_DSP_H

#include "pool.h"

typedef qmcu_pool_params qmcu_max_pool_2d_dsp_params;

/* input and output NHWC */
void qmcu_max_pool_2d_dsp(const qmcu_max_pool_2d_dsp_params *params, const int8_t *input,
                          int8_t *output);

#endif

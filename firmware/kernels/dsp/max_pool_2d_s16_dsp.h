#ifndef QMCU_MAX_POOL_2D_S16_DSP_H
#define QMCU_MAX_POOL_2D_S16_DSP_H

#include "pool.h"

typedef qmcu_pool_params qmcu_max_pool_2d_s16_dsp_params;

/* input and output NHWC. */
void qmcu_max_pool_2d_s16_dsp(const qmcu_max_pool_2d_s16_dsp_params *params, const int16_t *input,
                              int16_t *output);

#endif

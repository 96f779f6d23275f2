#ifndef QMCU_AVERAGE_POOL_2D_DSP_H
#define QMCU_AVERAGE_POOL_2D_DSP_H

#include "average_pool_2d.h"

typedef qmcu_average_pool_2d_params qmcu_average_pool_2d_dsp_params;

/* average_pool_2d of windows of at most 255 pixels, without activation limits. */
void qmcu_average_pool_2d_dsp(const qmcu_average_pool_2d_dsp_params *params, const int8_t *input,
                              int8_t *output);

#endif

#ifndef QMCU_MAX_POOL_2D_MVE_H
#define QMCU_MAX_POOL_2D_MVE_H

#include "pool.h"

typedef qmcu_pool_params qmcu_max_pool_2d_mve_params;

/* input and output NHWC; up to 15 bytes behind the input are read. */
void qmcu_max_pool_2d_mve(const qmcu_max_pool_2d_mve_params *params, const int8_t *input,
                          int8_t *output);

#endif

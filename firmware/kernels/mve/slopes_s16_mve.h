#ifndef QMCU_SLOPES_S16_MVE_H
#define QMCU_SLOPES_S16_MVE_H

#include "slopes_s16.h"

typedef qmcu_slopes_s16_params qmcu_slopes_s16_mve_params;

/* The output may lie exactly over the input. */
void qmcu_slopes_s16_mve(const qmcu_slopes_s16_mve_params *params, const int16_t *input,
                         int16_t *output);

#endif

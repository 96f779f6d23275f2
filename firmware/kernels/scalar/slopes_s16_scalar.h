#ifndef QMCU_SLOPES_S16_SCALAR_H
#define QMCU_SLOPES_S16_SCALAR_H

#include "slopes_s16.h"

typedef qmcu_slopes_s16_params qmcu_slopes_s16_scalar_params;

/* The output may lie exactly over the input. */
void qmcu_slopes_s16_scalar(const qmcu_slopes_s16_scalar_params *params, const int16_t *input,
                            int16_t *output);

#endif

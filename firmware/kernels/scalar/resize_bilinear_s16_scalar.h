#ifndef QMCU_RESIZE_BILINEAR_S16_SCALAR_H
#define QMCU_RESIZE_BILINEAR_S16_SCALAR_H

#include "resize_bilinear.h"

typedef qmcu_resize_bilinear_params qmcu_resize_bilinear_s16_scalar_params;

/* As qmcu_resize_bilinear_s16. */
void qmcu_resize_bilinear_s16_scalar(const qmcu_resize_bilinear_s16_scalar_params *params,
                                     const int16_t *input, int16_t *output);

#endif

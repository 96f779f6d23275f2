#ifndef QMCU_RESIZE_BILINEAR_S16_MVE_H
#define QMCU_RESIZE_BILINEAR_S16_MVE_H

#include "resize_bilinear.h"

typedef qmcu_resize_bilinear_params qmcu_resize_bilinear_s16_mve_params;

/* As qmcu_resize_bilinear_s16. */
void qmcu_resize_bilinear_s16_mve(const qmcu_resize_bilinear_s16_mve_params *params,
                                  const int16_t *input, int16_t *output);

#endif

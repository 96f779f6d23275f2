#ifndef QMCU_RESIZE_BILINEAR_EIGHTHS_MVE_H
#define QMCU_RESIZE_BILINEAR_EIGHTHS_MVE_H

#include "resize_bilinear.h"

typedef qmcu_resize_bilinear_params qmcu_resize_bilinear_eighths_mve_params;

/* As qmcu_resize_bilinear, of scales and offsets that are multiples of 128. */
void qmcu_resize_bilinear_eighths_mve(const qmcu_resize_bilinear_eighths_mve_params *params,
                                      const int8_t *input, int8_t *output);

#endif

#ifndef QMCU_RESIZE_BILINEAR_S16_H
#define QMCU_RESIZE_BILINEAR_S16_H

#include "resize_bilinear.h"

void qmcu_resize_bilinear_s16(const qmcu_resize_bilinear_params *params, const int16_t *input,
                              int16_t *output);

#endif

#ifndef QMCU_CAST_WIDE_F32_H
#define QMCU_CAST_WIDE_F32_H

#include "wide_integers.h"

/* The output may lie exactly over the input if its elements are not larger. */
void qmcu_cast_wide_f32(const qmcu_cast_wide_params *params, const void *input, float *output);

#endif

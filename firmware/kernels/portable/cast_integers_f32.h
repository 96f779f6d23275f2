#ifndef QMCU_CAST_INTEGERS_F32_H
#define QMCU_CAST_INTEGERS_F32_H

#include "integers.h"

/* The output may lie exactly over the input if its elements are not larger. */
void qmcu_cast_integers_f32(const qmcu_cast_params *params, const void *input, float *output);

#endif

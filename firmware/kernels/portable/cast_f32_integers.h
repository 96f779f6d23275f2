#ifndef QMCU_CAST_F32_INTEGERS_H
#define QMCU_CAST_F32_INTEGERS_H

#include "integers.h"

/* The output may lie exactly over the input if its elements are not larger. */
void qmcu_cast_f32_integers(const qmcu_cast_params *params, const float *input, void *output);

#endif

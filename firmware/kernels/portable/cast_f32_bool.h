#ifndef QMCU_CAST_F32_BOOL_H
#define QMCU_CAST_F32_BOOL_H

#include "integers.h"

/* The output may lie exactly over the input if its elements are not larger. */
void qmcu_cast_f32_bool(const qmcu_cast_params *params, const float *input, uint8_t *output);

#endif

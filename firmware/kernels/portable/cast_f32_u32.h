#ifndef QMCU_CAST_F32_U32_H
#define QMCU_CAST_F32_U32_H

#include "wide_integers.h"

/* The output may lie exactly over the input if its elements are not larger. */
void qmcu_cast_f32_u32(const qmcu_cast_wide_params *params, const float *input, uint32_t *output);

#endif

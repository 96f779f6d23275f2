#ifndef QMCU_CUMSUM_F32_H
#define QMCU_CUMSUM_F32_H

#include "cumsum_code.h"

/* The output may lie exactly over the input. */
void qmcu_cumsum_f32(const qmcu_cumsum_plain_params *params, const float *input, float *output);

#endif

#ifndef QMCU_ATAN2_F32_H
#define QMCU_ATAN2_F32_H

#include "binary.h"

/* The output may lie exactly over an input of its size that is not repeated. */
void qmcu_atan2_f32(const qmcu_binary_params *params, const float *input1, const float *input2,
                    float *output);

#endif

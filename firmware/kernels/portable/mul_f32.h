#ifndef QMCU_MUL_F32_H
#define QMCU_MUL_F32_H

#include "binary_f32.h"

/* The output may lie exactly over an input that is not repeated. */
void qmcu_mul_f32(const qmcu_binary_f32_params *params, const float *input1, const float *input2,
                  float *output);

#endif

#ifndef QMCU_DEQUANTIZE_S8_F32_SCALAR_H
#define QMCU_DEQUANTIZE_S8_F32_SCALAR_H

#include "dequantize_s8_f32.h"

typedef qmcu_dequantize_s8_f32_params qmcu_dequantize_s8_f32_scalar_params;

/* As qmcu_dequantize_s8_f32, for scales from 2^-60 to 2^60. */
void qmcu_dequantize_s8_f32_scalar(const qmcu_dequantize_s8_f32_scalar_params *params,
                                   const int8_t *input, float *output);

#endif

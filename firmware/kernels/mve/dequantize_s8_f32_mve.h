#ifndef QMCU_DEQUANTIZE_S8_F32_MVE_H
#define QMCU_DEQUANTIZE_S8_F32_MVE_H

#include "dequantize_s8_f32.h"

typedef qmcu_dequantize_s8_f32_params qmcu_dequantize_s8_f32_mve_params;

/* As qmcu_dequantize_s8_f32, four at a time. */
void qmcu_dequantize_s8_f32_mve(const qmcu_dequantize_s8_f32_mve_params *params,
                                const int8_t *input, float *output);

#endif

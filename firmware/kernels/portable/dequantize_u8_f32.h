#ifndef QMCU_DEQUANTIZE_U8_F32_H
#define QMCU_DEQUANTIZE_U8_F32_H

#include <stdint.h>

typedef struct {
    int32_t size;
    float scale;
    int32_t zero_point;
} qmcu_dequantize_u8_f32_params;

void qmcu_dequantize_u8_f32(const qmcu_dequantize_u8_f32_params *params, const uint8_t *input,
                            float *output);

#endif

#ifndef QMCU_QUANTIZE_F32_S8_H
#define QMCU_QUANTIZE_F32_S8_H

#include <stdint.h>

typedef struct {
    int32_t size;
    float scale;
    int32_t zero_point;
} qmcu_quantize_f32_s8_params;

/* The output may lie exactly over the input. */
void qmcu_quantize_f32_s8(const qmcu_quantize_f32_s8_params *params, const float *input,
                          int8_t *output);

#endif

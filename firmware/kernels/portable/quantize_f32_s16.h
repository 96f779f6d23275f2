#ifndef QMCU_QUANTIZE_F32_S16_H
#define QMCU_QUANTIZE_F32_S16_H

#include <stdint.h>

typedef struct {
    int32_t size;
    float scale;
    int32_t zero_point;
} qmcu_quantize_f32_s16_params;

/* The output may lie exactly over the input. */
void qmcu_quantize_f32_s16(const qmcu_quantize_f32_s16_params *params, const float *input,
                           int16_t *output);

#endif

#ifndef QMCU_QUANTIZE_F32_S8_SCALAR_H
#define QMCU_QUANTIZE_F32_S8_SCALAR_H

#include <stdint.h>

typedef struct {
    int32_t size;
    float scale; /* from 2^-60 to 2^60 */
    int32_t zero_point;
    uint32_t reciprocal; /* 2^k / scale, from 2^31 on */
    int32_t exponent;    /* k + 126 */
} qmcu_quantize_f32_s8_scalar_params;

/* As qmcu_quantize_f32_s8. The output may lie exactly over the input. */
void qmcu_quantize_f32_s8_scalar(const qmcu_quantize_f32_s8_scalar_params *params,
                                 const float *input, int8_t *output);

#endif

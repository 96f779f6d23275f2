#ifndef QMCU_L2_NORMALIZATION_F32_H
#define QMCU_L2_NORMALIZATION_F32_H

#include <stdint.h>

typedef struct {
    int32_t rows;
    int32_t depth;
} qmcu_l2_normalization_f32_params;

/* The output may lie exactly over the input. */
void qmcu_l2_normalization_f32(const qmcu_l2_normalization_f32_params *params, const float *input,
                               float *output);

#endif

#ifndef QMCU_LEAKY_RELU_S16_H
#define QMCU_LEAKY_RELU_S16_H

#include <stdint.h>

typedef struct {
    int32_t size;
    int32_t positive_multiplier; /* input scale / output scale */
    int32_t positive_shift;
    int32_t negative_multiplier; /* |alpha| * input scale / output scale */
    int32_t negative_shift;
    int32_t negative_sign; /* -1 where alpha is negative, else 1 */
} qmcu_leaky_relu_s16_params;

/* The output may lie exactly over the input; zero points are 0. */
void qmcu_leaky_relu_s16(const qmcu_leaky_relu_s16_params *params, const int16_t *input,
                         int16_t *output);

#endif

#ifndef QMCU_ADD_N_H
#define QMCU_ADD_N_H

#include <stdint.h>

typedef struct {
    int32_t size;
    int32_t count;      /* of inputs */
    int32_t sum_offset; /* -(count + 1) * input zero point */
    int32_t multiplier;
    int32_t shift;
    int32_t output_zero_point;
} qmcu_add_n_params;

void qmcu_add_n(const qmcu_add_n_params *params, const int8_t *const *inputs, int8_t *output);

#endif

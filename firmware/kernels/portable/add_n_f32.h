#ifndef QMCU_ADD_N_F32_H
#define QMCU_ADD_N_F32_H

#include <stdint.h>

typedef struct {
    int32_t size;
    int32_t count; /* of inputs */
} qmcu_add_n_f32_params;

/* The output may lie exactly over an input. */
void qmcu_add_n_f32(const qmcu_add_n_f32_params *params, const float *const *inputs, float *output);

#endif

#ifndef QMCU_SQUARED_DIFFERENCE_DSP_H
#define QMCU_SQUARED_DIFFERENCE_DSP_H

#include "squared_difference.h"

typedef struct {
    qmcu_squared_difference_params
        pairs; /* its last dimension and the one `along` in each other's place */
    int32_t along;
} qmcu_squared_difference_dsp_params;

/* As qmcu_squared_difference. */
void qmcu_squared_difference_dsp(const qmcu_squared_difference_dsp_params *params,
                                 const int8_t *input1, const int8_t *input2, int8_t *output);

#endif

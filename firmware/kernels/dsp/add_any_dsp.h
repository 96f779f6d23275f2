#ifndef QMCU_ADD_ANY_DSP_H
#define QMCU_ADD_ANY_DSP_H

#include "add.h"

typedef struct {
    qmcu_add_params pairs; /* its last dimension and the one `along` in each other's place */
    int32_t along;
} qmcu_add_any_dsp_params;

/* As qmcu_add without activation limits, for output shifts of at most 2. */
void qmcu_add_any_dsp(const qmcu_add_any_dsp_params *params, const int8_t *input1,
                      const int8_t *input2, int8_t *output);

#endif

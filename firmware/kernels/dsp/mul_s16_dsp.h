#ifndef QMCU_MUL_S16_DSP_H
#define QMCU_MUL_S16_DSP_H

#include <stdint.h>

#include "walk.h"

typedef struct {
    int32_t shape[QMCU_WALK_RANK];
    int32_t strides1[QMCU_WALK_RANK];
    int32_t strides2[QMCU_WALK_RANK];
    int32_t multiplier;
    int32_t rounding; /* 2^(shift - 1) */
    int32_t shift;    /* to the right, 1 or more */
} qmcu_mul_s16_dsp_params;

/* As qmcu_mul_s16, without limits inside int16. */
void qmcu_mul_s16_dsp(const qmcu_mul_s16_dsp_params *params, const int16_t *input1,
                      const int16_t *input2, int16_t *output);

#endif

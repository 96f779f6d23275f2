#ifndef QMCU_ADD_S16_DSP_H
#define QMCU_ADD_S16_DSP_H

#include <stdint.h>

#include "walk.h"

/* Of both inputs, then of the output. */
typedef struct {
    int32_t shape[QMCU_WALK_RANK];
    int32_t strides1[QMCU_WALK_RANK];
    int32_t strides2[QMCU_WALK_RANK];
    int32_t multipliers[3];
    int32_t shifts[3];   /* to the right, one more: 1 to 31 */
    int32_t input2_sign; /* 1 adds, -1 subtracts */
} qmcu_add_s16_dsp_params;

/* As qmcu_add_s16, without limits inside int16. */
void qmcu_add_s16_dsp(const qmcu_add_s16_dsp_params *params, const int16_t *input1,
                      const int16_t *input2, int16_t *output);

#endif

#include "softmax_s8_s16_cmsis_nn.h"

#include "arm_nnfunctions.h"

void qmcu_softmax_s8_s16_cmsis_nn(const qmcu_softmax_s8_s16_cmsis_nn_params *p, const int8_t *input,
                                  int16_t *output)
{
    arm_softmax_s8_s16(input, p->rows, p->depth, p->multiplier, p->shift, p->minimum_difference,
                       output);
}

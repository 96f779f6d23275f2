#include "softmax_s16_cmsis_nn.h"

#include "arm_nnfunctions.h"

void qmcu_softmax_s16_cmsis_nn(const qmcu_softmax_s16_cmsis_nn_params *p, const int16_t *input,
                               const int16_t *exponentials, const int16_t *reciprocals,
                               int16_t *output)
{
    const cmsis_nn_softmax_lut_s16 tables = {exponentials, reciprocals};
    (void)arm_softmax_s16(input, p->rows, p->depth, p->multiplier, p->shift, &tables, output);
}

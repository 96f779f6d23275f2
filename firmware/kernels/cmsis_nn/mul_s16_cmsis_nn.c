#include "mul_s16_cmsis_nn.h"

#include "arm_nnfunctions.h"

void qmcu_mul_s16_cmsis_nn(const qmcu_mul_s16_cmsis_nn_params *p, const int16_t *input1,
                           const int16_t *input2, int16_t *output)
{
    (void)arm_elementwise_mul_s16(input1, input2, 0, 0, output, 0, p->output_multiplier,
                                  p->output_shift, p->activation_minimum, p->activation_maximum,
                                  p->size);
}

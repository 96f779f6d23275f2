#include "mul_cmsis_nn.h"

#include "arm_nnfunctions.h"

void qmcu_mul_cmsis_nn(const qmcu_mul_cmsis_nn_params *p, const int8_t *input1,
                       const int8_t *input2, int8_t *output)
{
    (void)arm_elementwise_mul_s8(input1, input2, -p->input1_zero_point, -p->input2_zero_point,
                                 output, p->output_zero_point, p->output_multiplier,
                                 p->output_shift, p->activation_minimum, p->activation_maximum,
                                 p->size);
}

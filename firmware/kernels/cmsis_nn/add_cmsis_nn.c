#include "add_cmsis_nn.h"

#include "arm_nnfunctions.h"

/* Bits by which both inputs are shifted left before they are scaled, as in add.c. */
#define LEFT_SHIFT 20

void qmcu_add_cmsis_nn(const qmcu_add_cmsis_nn_params *p, const int8_t *input1,
                       const int8_t *input2, int8_t *output)
{
    (void)arm_elementwise_add_s8(input1, input2, -p->input1_zero_point, p->input1_multiplier,
                                 p->input1_shift, -p->input2_zero_point, p->input2_multiplier,
                                 p->input2_shift, LEFT_SHIFT, output, p->output_zero_point,
                                 p->output_multiplier, p->output_shift, p->activation_minimum,
                                 p->activation_maximum, p->size);
}

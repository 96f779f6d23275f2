#include "add_s16_cmsis_nn.h"

#include "arm_nnfunctions.h"

/* Bits by which both inputs are shifted left before they are scaled, as in add_s16.c. */
#define LEFT_SHIFT 15

void qmcu_add_s16_cmsis_nn(const qmcu_add_s16_cmsis_nn_params *p, const int16_t *input1,
                           const int16_t *input2, int16_t *output)
{
    (void)arm_elementwise_add_s16(input1, input2, 0, p->input1_multiplier, p->input1_shift, 0,
                                  p->input2_multiplier, p->input2_shift, LEFT_SHIFT, output, 0,
                                  p->output_multiplier, p->output_shift, p->activation_minimum,
                                  p->activation_maximum, p->size);
}

#include "average_pool_2d_s16_cmsis_nn.h"

#include "arm_nnfunctions.h"

void qmcu_average_pool_2d_s16_cmsis_nn(const qmcu_average_pool_2d_s16_cmsis_nn_params *p,
                                       const int16_t *input, void *scratch, int16_t *output)
{
    const cmsis_nn_context context = {scratch, 0};
    const cmsis_nn_pool_params settings = {
        .stride = {p->stride_width, p->stride_height},
        .padding = {p->padding_left, p->padding_top},
        .activation = {p->activation_minimum, p->activation_maximum},
    };
    const cmsis_nn_dims source = {p->batches, p->input_height, p->input_width, p->depth};
    const cmsis_nn_dims window = {1, p->kernel_height, p->kernel_width, 1};
    const cmsis_nn_dims target = {p->batches, p->output_height, p->output_width, p->depth};
    (void)arm_avgpool_s16(&context, &settings, &source, input, &window, &target, output);
}

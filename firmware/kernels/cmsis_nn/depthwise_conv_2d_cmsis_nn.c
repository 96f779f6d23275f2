#include "depthwise_conv_2d_cmsis_nn.h"

#include "arm_nnfunctions.h"

void qmcu_depthwise_conv_2d_cmsis_nn(const qmcu_depthwise_conv_2d_cmsis_nn_params *p,
                                     const int8_t *input, const int8_t *weights,
                                     const int32_t *bias, const int32_t *multipliers,
                                     const int32_t *shifts, void *scratch, int8_t *output)
{
    const cmsis_nn_context context = {scratch, 0};
    const cmsis_nn_dw_conv_params settings = {
        .input_offset = -p->input_zero_point,
        .output_offset = p->output_zero_point,
        .ch_mult = p->depth_multiplier,
        .stride = {p->stride_width, p->stride_height},
        .padding = {p->padding_left, p->padding_top},
        .dilation = {p->dilation_width, p->dilation_height},
        .activation = {p->activation_minimum, p->activation_maximum},
    };
    const cmsis_nn_per_channel_quant_params requantization = {(int32_t *)(uintptr_t)multipliers,
                                                              (int32_t *)(uintptr_t)shifts};
    const int32_t output_depth = p->input_depth * p->depth_multiplier;
    const cmsis_nn_dims source = {p->batches, p->input_height, p->input_width, p->input_depth};
    const cmsis_nn_dims filter = {1, p->kernel_height, p->kernel_width, output_depth};
    const cmsis_nn_dims biases = {1, 1, 1, output_depth};
    const cmsis_nn_dims target = {p->batches, p->output_height, p->output_width, output_depth};
    (void)arm_depthwise_conv_wrapper_s8(&context, &settings, &requantization, &source, input,
                                        &filter, weights, &biases, bias, &target, output);
}

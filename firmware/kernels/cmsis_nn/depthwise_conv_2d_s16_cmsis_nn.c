#include "depthwise_conv_2d_s16_cmsis_nn.h"

#include "arm_nnfunctions.h"

void qmcu_depthwise_conv_2d_s16_cmsis_nn(const qmcu_depthwise_conv_2d_s16_cmsis_nn_params *p,
                                         const int16_t *input, const int8_t *weights,
                                         const int64_t *bias, const int32_t *multipliers,
                                         const int32_t *shifts, void *scratch, int16_t *output)
{
    const cmsis_nn_context context = {scratch, 0};
    const cmsis_nn_dw_conv_params settings = {
        .ch_mult = p->window.depth_multiplier,
        .stride = {p->window.stride_width, p->window.stride_height},
        .padding = {p->window.padding_left, p->window.padding_top},
        .dilation = {p->window.dilation_width, p->window.dilation_height},
        .activation = {p->activation_minimum, p->activation_maximum},
    };
    const cmsis_nn_per_channel_quant_params requantization = {(int32_t *)(uintptr_t)multipliers,
                                                              (int32_t *)(uintptr_t)shifts};
    const int32_t output_depth = p->window.input_depth * p->window.depth_multiplier;
    const cmsis_nn_dims source = {p->window.batches, p->window.input_height, p->window.input_width,
                                  p->window.input_depth};
    const cmsis_nn_dims filter = {1, p->window.kernel_height, p->window.kernel_width, output_depth};
    const cmsis_nn_dims biases = {1, 1, 1, output_depth};
    const cmsis_nn_dims target = {p->window.batches, p->window.output_height,
                                  p->window.output_width, output_depth};
    (void)arm_depthwise_conv_wrapper_s16(&context, &settings, &requantization, &source, input,
                                         &filter, weights, &biases, bias, &target, output);
}

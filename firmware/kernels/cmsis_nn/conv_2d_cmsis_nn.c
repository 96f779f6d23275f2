#include "conv_2d_cmsis_nn.h"

#include "arm_nnfunctions.h"

void qmcu_conv_2d_cmsis_nn(const qmcu_conv_2d_cmsis_nn_params *p, const int8_t *input,
                           const int8_t *weights, const int32_t *bias, const int32_t *multipliers,
                           const int32_t *shifts, void *scratch, int8_t *output)
{
    const cmsis_nn_context context = {scratch, 0};
    const cmsis_nn_conv_params settings = {
        .input_offset = -p->input_zero_point,
        .output_offset = p->output_zero_point,
        .stride = {p->window.stride_width, p->window.stride_height},
        .padding = {p->window.padding_left, p->window.padding_top},
        .dilation = {p->window.dilation_width, p->window.dilation_height},
        .activation = {p->activation_minimum, p->activation_maximum},
    };
    const cmsis_nn_per_channel_quant_params requantization = {(int32_t *)(uintptr_t)multipliers,
                                                              (int32_t *)(uintptr_t)shifts};
    const int32_t output_depth = p->window.output_depth;
    const cmsis_nn_dims source = {p->window.batches, p->window.input_height, p->window.input_width,
                                  p->window.input_depth};
    const cmsis_nn_dims filter = {output_depth, p->window.kernel_height, p->window.kernel_width,
                                  p->window.input_depth / p->groups};
    const cmsis_nn_dims biases = {1, 1, 1, output_depth};
    const cmsis_nn_dims target = {p->window.batches, p->window.output_height,
                                  p->window.output_width, output_depth};
    (void)arm_convolve_wrapper_s8(&context, &settings, &requantization, &source, input, &filter,
                                  weights, &biases, bias, &target, output);
}

#include "fully_connected_cmsis_nn.h"

#include "arm_nnfunctions.h"

void qmcu_fully_connected_cmsis_nn(const qmcu_fully_connected_cmsis_nn_params *p,
                                   const int8_t *input, const int8_t *weights, const int32_t *bias,
                                   const int32_t *multipliers, const int32_t *shifts,
                                   int8_t *output)
{
    /* On MVE cores the library takes its start values from the context's buffer. */
    const cmsis_nn_context context = {(void *)(uintptr_t)bias, 0};
    const cmsis_nn_fc_params settings = {
        .input_offset = 0,
        .filter_offset = 0,
        .output_offset = p->output_zero_point,
        .activation = {p->activation_minimum, p->activation_maximum},
    };
    const cmsis_nn_quant_params requantization = {
        (int32_t *)(uintptr_t)multipliers, (int32_t *)(uintptr_t)shifts, p->requantization_step};
    const cmsis_nn_dims source = {p->batches, 1, 1, p->input_depth};
    const cmsis_nn_dims filter = {p->input_depth, 1, 1, p->output_depth};
    const cmsis_nn_dims biases = {1, 1, 1, p->output_depth};
    const cmsis_nn_dims target = {p->batches, 1, 1, p->output_depth};
    (void)arm_fully_connected_wrapper_s8(&context, &settings, &requantization, &source, input,
                                         &filter, weights, &biases, bias, &target, output);
}

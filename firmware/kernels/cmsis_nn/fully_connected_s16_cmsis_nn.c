#include "fully_connected_s16_cmsis_nn.h"

#include "arm_nnfunctions.h"

void qmcu_fully_connected_s16_cmsis_nn(const qmcu_fully_connected_s16_cmsis_nn_params *p,
                                       const int16_t *input, const int8_t *weights,
                                       const int64_t *bias, const int32_t *multipliers,
                                       const int8_t *shifts, int16_t *output)
{
    const cmsis_nn_context context = {0, 0};
    const cmsis_nn_fc_params settings = {
        .activation = {p->activation_minimum, p->activation_maximum},
    };
    /* The library takes the upper 16 bits of the multiplier. */
    const cmsis_nn_per_tensor_quant_params requantization = {multipliers[0] << 16, shifts[0]};
    const cmsis_nn_dims source = {p->batches, 1, 1, p->input_depth};
    const cmsis_nn_dims filter = {p->input_depth, 1, 1, p->output_depth};
    const cmsis_nn_dims biases = {1, 1, 1, p->output_depth};
    const cmsis_nn_dims target = {p->batches, 1, 1, p->output_depth};
    (void)arm_fully_connected_s16(&context, &settings, &requantization, &source, input, &filter,
                                  weights, &biases, bias, &target, output);
}

#include "conv_2d_ragged_mve.h"

#include "multiply_ragged_mve.h"

void qmcu_conv_2d_ragged_mve(const qmcu_conv_2d_ragged_mve_params *params, const int8_t *input,
                             const int32_t *weights, void *scratch, int8_t *output)
{
    qmcu_conv_2d_mve_by(params, input, weights, scratch, output, &qmcu_mve_int8_ragged);
}

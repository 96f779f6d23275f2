#include "conv_2d_any_mve_pointwise.h"

#include "multiply_any_mve.h"

void qmcu_conv_2d_any_mve_pointwise(const qmcu_conv_2d_any_mve_pointwise_params *params,
                                    const int8_t *input, const int32_t *weights, void *scratch,
                                    int8_t *output)
{
    qmcu_conv_2d_mve_pointwise_by(params, input, weights, scratch, output, &qmcu_mve_int8_any);
}

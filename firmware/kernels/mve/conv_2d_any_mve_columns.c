#include "conv_2d_any_mve_columns.h"

void qmcu_conv_2d_any_mve_columns(const qmcu_conv_2d_any_mve_columns_params *params,
                                  const int8_t *input, const int32_t *weights, void *scratch,
                                  int8_t *output)
{
    const qmcu_conv_2d_mve_params whole = qmcu_conv_2d_any_mve_whole(params);
    qmcu_conv_2d_mve_columns_by(&whole, input, weights, scratch, output, &qmcu_mve_int8_any);
}

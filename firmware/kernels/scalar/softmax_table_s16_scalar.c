#include "softmax_table_s16_scalar.h"

#include "softmax_table_code_scalar.h"

void qmcu_softmax_table_s16_scalar(const qmcu_softmax_table_s16_scalar_params *params,
                                   const int8_t *input, const int32_t *table, int16_t *output)
{
    qmcu_softmax_table_by(params, input, table, output, 1, qmcu_largest_scalar,
                          qmcu_softmax_scaled_scalar);
}

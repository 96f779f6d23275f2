#include "softmax_table_scalar.h"

#include "softmax_table_code_scalar.h"

void qmcu_softmax_table_scalar(const qmcu_softmax_table_scalar_params *params, const int8_t *input,
                               const int32_t *table, int8_t *output)
{
    qmcu_softmax_table_by(params, input, table, output, 0, qmcu_largest_scalar,
                          qmcu_softmax_scaled_scalar);
}

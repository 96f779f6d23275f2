#include "small.h"

#include "reduce_max_rows_mve.h"

#include "reduce_rows_mve.h"

void qmcu_reduce_max_rows_mve(const qmcu_reduce_max_rows_mve_params *params, const int8_t *input,
                              int8_t *output)
{
    QMCU_REDUCE_ROWS_MVE("vmaxv", INT8_MIN)
}

/* Whether all are true along some dimensions. */
#include "reduce_all_bool.h"

QMCU_REDUCE_ONE(all, qmcu_reduce_params, uint8_t, 1, (uint8_t)(value &item))

void qmcu_reduce_all_bool(const qmcu_reduce_params *params, const uint8_t *input, uint8_t *output)
{
    QMCU_REDUCE_ALL(uint8_t, all, params, input, output);
}

/* Whether any is true along some dimensions. */
#include "reduce_any_bool.h"

QMCU_REDUCE_ONE(any, qmcu_reduce_params, uint8_t, 0, (uint8_t)(value | item))

void qmcu_reduce_any_bool(const qmcu_reduce_params *params, const uint8_t *input, uint8_t *output)
{
    QMCU_REDUCE_ALL(uint8_t, any, params, input, output);
}

/* output = not input, of truths */
#include "logical_not.h"

void qmcu_logical_not(const qmcu_unary_params *params, const uint8_t *input, uint8_t *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = input[i] == 0u;
    }
}

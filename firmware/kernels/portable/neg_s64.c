/* output = -input, modulo 2^64 */
#include "neg_s64.h"

void qmcu_neg_s64(const qmcu_unary_params *params, const int64_t *input, int64_t *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = (int64_t)(0u - (uint64_t)input[i]);
    }
}

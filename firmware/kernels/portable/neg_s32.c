/* output = -input, modulo 2^32 */
#include "neg_s32.h"

void qmcu_neg_s32(const qmcu_unary_params *params, const int32_t *input, int32_t *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = (int32_t)(0u - (uint32_t)input[i]);
    }
}

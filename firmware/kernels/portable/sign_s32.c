/* 1 above 0, -1 below, otherwise 0: of what is not a number, too. */
#include "sign_s32.h"

void qmcu_sign_s32(const qmcu_unary_params *params, const int32_t *input, int32_t *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = input[i] > 0 ? 1 : input[i] < 0 ? -1 : 0;
    }
}

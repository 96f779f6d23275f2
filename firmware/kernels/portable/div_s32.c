/* output = clamp(input1 / input2), towards zero; 0 where the interpreter stops: x / 0, with broadcasting. */
#include "div_s32.h"

static int32_t quotient(int32_t a, int32_t b)
{
    return b == 0 ? 0 : b == -1 ? (int32_t)(0u - (uint32_t)a) : a / b;
}

void qmcu_div_s32(const qmcu_binary_s32_params *params, const int32_t *input1,
                  const int32_t *input2, int32_t *output)
{
    qmcu_binary_s32(params, input1, input2, output, quotient);
}

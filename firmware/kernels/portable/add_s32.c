/* output = clamp(input1 + input2), modulo 2^32, with broadcasting. */
#include "add_s32.h"

static int32_t sum(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

void qmcu_add_s32(const qmcu_binary_s32_params *params, const int32_t *input1,
                  const int32_t *input2, int32_t *output)
{
    qmcu_binary_s32(params, input1, input2, output, sum);
}

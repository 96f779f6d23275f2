/* output = clamp(input1 + input2), with broadcasting. */
#include "add_f32.h"

static float sum(float a, float b)
{
    return a + b;
}

void qmcu_add_f32(const qmcu_binary_f32_params *params, const float *input1, const float *input2,
                  float *output)
{
    qmcu_binary_f32(params, input1, input2, output, sum);
}

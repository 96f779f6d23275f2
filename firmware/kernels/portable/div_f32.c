/* output = clamp(input1 / input2), with broadcasting. */
#include "div_f32.h"

static float quotient(float a, float b)
{
    return a / b;
}

void qmcu_div_f32(const qmcu_binary_f32_params *params, const float *input1, const float *input2,
                  float *output)
{
    qmcu_binary_f32(params, input1, input2, output, quotient);
}

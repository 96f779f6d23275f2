/* exp(beta * (x - max)) over their sum, along the last dimension; rounded after each step, in the
   order of the interpreter. */
#include "softmax_f32.h"

#include "exponential.h"

void qmcu_softmax_f32(const qmcu_softmax_f32_params *params, const float *input, float *output)
{
    const int32_t depth = params->rows.depth;
    for (int32_t row = 0; row < params->rows.rows; ++row) {
        const float largest = qmcu_largest(input, depth);
        float sum = 0.0f;
        for (int32_t i = 0; i < depth; ++i) {
            output[i] = qmcu_exp((input[i] - largest) * params->beta);
            sum += output[i];
        }
        for (int32_t i = 0; i < depth; ++i) {
            output[i] /= sum;
        }
        input += depth;
        output += depth;
    }
}

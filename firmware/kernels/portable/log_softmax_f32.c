/* x - max - log(sum of exp(x - max)), along the last dimension; rounded after each step, in the order
   of the interpreter. */
#include "log_softmax_f32.h"

#include "exponential.h"
#include "logarithm.h"

void qmcu_log_softmax_f32(const qmcu_rows_params *params, const float *input, float *output)
{
    const int32_t depth = params->depth;
    for (int32_t row = 0; row < params->rows; ++row) {
        const float largest = qmcu_largest(input, depth);
        float sum = 0.0f;
        for (int32_t i = 0; i < depth; ++i) {
            sum += qmcu_exp(input[i] - largest);
        }
        const float log_sum = qmcu_log(sum);
        for (int32_t i = 0; i < depth; ++i) {
            output[i] = input[i] - largest - log_sum;
        }
        input += depth;
        output += depth;
    }
}

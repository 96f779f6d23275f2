/* output = the natural logarithm of input */
#include "log_f32.h"

#include "logarithm.h"

void qmcu_log_f32(const qmcu_unary_params *params, const float *input, float *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = qmcu_log(input[i]);
    }
}

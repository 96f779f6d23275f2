/* output = sin(input) */
#include "sin_f32.h"

#include "sinusoid.h"

void qmcu_sin_f32(const qmcu_unary_params *params, const float *input, float *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = qmcu_sine_ahead(input[i], 0);
    }
}

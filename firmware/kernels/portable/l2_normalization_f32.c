/* Each row divided by its length, which counts as 1e-6 where it is less. */
#include "l2_normalization_f32.h"

#include "real_functions.h"

void qmcu_l2_normalization_f32(const qmcu_l2_normalization_f32_params *params, const float *input,
                               float *output)
{
    for (int32_t row = 0; row < params->rows; ++row) {
        float sum = 0.0f;
        for (int32_t i = 0; i < params->depth; ++i) {
            sum += input[i] * input[i];
        }
        const float root = qmcu_square_root(sum);
        const float length = root < 1e-6f ? 1e-6f : root;
        for (int32_t i = 0; i < params->depth; ++i) {
            *output++ = *input++ / length;
        }
    }
}

/* 1 / sqrt(input) of int16 numbers, in the output's scale; zero points are 0. The largest number for
   0, and for negative ones, where the interpreter stops. */
#include "rsqrt_s16.h"

#include "inverse_sqrt.h"

#define FINER 20 /* bits */

void qmcu_rsqrt_s16(const qmcu_rsqrt_s16_params *params, const int16_t *input, int16_t *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        int32_t result = INT16_MAX;
        if (input[i] > 0) {
            const qmcu_inverse_sqrt_result inverse = qmcu_inverse_sqrt(input[i]);
            const int32_t fine = qmcu_requantize(1, inverse.multiplier, inverse.shift + FINER);
            result = qmcu_requantize(fine, params->multiplier, params->shift - FINER);
        }
        output[i] = (int16_t)(result > INT16_MAX ? INT16_MAX : result);
    }
}

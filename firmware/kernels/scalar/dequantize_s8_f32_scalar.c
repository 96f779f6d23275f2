/* output = scale * (input - zero_point), for cores without floating point. The scale's 24 bits times the
   difference's 8 have 32 at most, which are rounded to 24, ties to even. */
#include "dequantize_s8_f32_scalar.h"

#include <string.h>

void qmcu_dequantize_s8_f32_scalar(const qmcu_dequantize_s8_f32_scalar_params *params,
                                   const int8_t *input, float *output)
{
    const int32_t zero_point = params->zero_point;
    uint32_t scale;
    memcpy(&scale, &params->scale, sizeof scale);
    const uint32_t exponent = (scale >> 23) - 1, bits = (scale & 0x7FFFFFu) | 0x800000u;
    for (const int8_t *const end = input + params->size; input != end; ++input, ++output) {
        const int32_t value = *input - zero_point;
        uint32_t product = bits * (uint32_t)(value < 0 ? -value : value), result = 0;
        if (value != 0) {
            const int32_t right = 8 - __builtin_clz(product);
            const uint32_t half = (1u << right) >> 1, left = product & ((1u << right) - 1);
            product >>= right;
            /* Its highest bit adds one to the exponent. */
            result = ((exponent + (uint32_t)right) << 23) + product;
            result += left > half || (left == half && right != 0 && (product & 1u));
            result |= value < 0 ? 0x80000000u : 0;
        }
        memcpy(output, &result, sizeof result);
    }
}

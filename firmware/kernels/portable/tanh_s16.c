/* The hyperbolic tangent of int16: tanh(x) = 2 * logistic(2 * x) - 1, between two entries of the
   table of the logistic function on a straight line, with eight more bits. */
#include "tanh_s16.h"

static int16_t hyperbolic_tangent(int32_t argument, const int16_t *table)
{
    const uint32_t size = argument < 0 ? 0u - (uint32_t)argument : (uint32_t)argument;
    const uint32_t step = size >> 8;
    int32_t result = 0x7fff << 8; /* less the half, 2^15, of what the logistic function is */
    if (step < 255u) {
        result = table[step] * 256 + (int32_t)(size & 0xffu) * (table[step + 1u] - table[step]);
    }
    result = argument >= 0 ? result + (1 << 7) : -result + (1 << 7) - 1;
    return (int16_t)(result >> 8);
}

void qmcu_tanh_s16(const qmcu_tanh_s16_params *params, const int16_t *input, const int16_t *table,
                   int16_t *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = hyperbolic_tangent(qmcu_sigmoid_argument(params, input[i]), table);
    }
}

/* The logistic function of int16: between two entries of the table on a straight line, with nine
   more bits; that of a negative number is 1 minus that of the positive one. */
#include "logistic_s16.h"

static int16_t logistic(int32_t argument, const int16_t *table)
{
    const uint32_t size = argument < 0 ? 0u - (uint32_t)argument : (uint32_t)argument;
    const uint32_t step = size >> 9;
    uint32_t result = (uint32_t)0x7fff << 10;
    if (step < 255u) {
        const uint32_t rise = (uint32_t)(table[step + 1u] - table[step]);
        result = ((uint32_t)(table[step] + 0x8000) << 9) + (size & 0x1ffu) * rise;
    }
    result = argument >= 0 ? result + (1u << 9) : (1u << 25) - result + (1u << 9) - 1u;
    return (int16_t)(result >> 10);
}

void qmcu_logistic_s16(const qmcu_logistic_s16_params *params, const int16_t *input,
                       const int16_t *table, int16_t *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = logistic(qmcu_sigmoid_argument(params, input[i]), table);
    }
}

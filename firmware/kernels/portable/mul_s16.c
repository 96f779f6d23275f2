/* Elementwise product of int16 with broadcasting, at most 2^30 before it is requantized:
   output = clamp(requantize(input1 * input2)). */
#include "mul_s16.h"

#include "accumulate_s16.h"
#include "pairs.h"

static int16_t product(const qmcu_mul_s16_params *p, int16_t input1, int16_t input2)
{
    const int32_t scaled = qmcu_requantize(input1 * input2, p->output_multiplier, p->output_shift);
    return qmcu_clamp_s16(scaled, p->activation_minimum, p->activation_maximum);
}

void qmcu_mul_s16(const qmcu_mul_s16_params *params, const int16_t *input1, const int16_t *input2,
                  int16_t *output)
{
    QMCU_PAIRS(int16_t, product, params, input1, input2, output);
}

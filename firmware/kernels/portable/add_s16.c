/* Elementwise sum or difference of int16 with broadcasting.

   Both inputs are brought to a common scale, twice the larger, with 15 more bits: each becomes at
   most 2^29, x = requantize(input * 2^15, multiplier, shift); then
   output = clamp(requantize(x1 + sign * x2)). */
#include "add_s16.h"

#include "accumulate_s16.h"
#include "pairs.h"

#define HEADROOM (1 << 15)

static int16_t sum(const qmcu_add_s16_params *p, int16_t input1, int16_t input2)
{
    const int32_t x1 = qmcu_requantize(input1 * HEADROOM, p->input1_multiplier, p->input1_shift);
    const int32_t x2 = qmcu_requantize(input2 * HEADROOM, p->input2_multiplier, p->input2_shift);
    const int32_t scaled =
        qmcu_requantize(x1 + p->input2_sign * x2, p->output_multiplier, p->output_shift);
    return qmcu_clamp_s16(scaled, p->activation_minimum, p->activation_maximum);
}

void qmcu_add_s16(const qmcu_add_s16_params *params, const int16_t *input1, const int16_t *input2,
                  int16_t *output)
{
    QMCU_PAIRS(int16_t, sum, params, input1, input2, output);
}

/* Elementwise sum of any number of inputs that are quantized alike.

   The reference scales each to half of 2^20 before it adds, which is exact, and begins with a zero
   that is not offset: so one zero point more than there are inputs is subtracted. Sums of more than 15 inputs may wrap
   around at 32 bits, as the reference's do. */
#include "add_n.h"

#include "requantize.h"

void qmcu_add_n(const qmcu_add_n_params *params, const int8_t *const *inputs, int8_t *output)
{
    const qmcu_add_n_params *const p = params;
    for (int32_t i = 0; i < p->size; ++i) {
        int32_t sum = p->sum_offset;
        for (int32_t input = 0; input < p->count; ++input) {
            sum += inputs[input][i];
        }
        const int32_t scaled =
            qmcu_requantize((int32_t)((uint32_t)sum << 19), p->multiplier, p->shift);
        output[i] = qmcu_clamp_s8(scaled + p->output_zero_point, INT8_MIN, INT8_MAX);
    }
}

/* Sums of what came before along an axis.

   The reference scales each input to half of 2^20 before it adds, which is exact modulo 2^32, and
   begins with a zero that is not offset: so sums begin with -input_zero_point. */
#include "cumsum.h"

#include "accumulate.h"

static void add_up(const qmcu_cumsum_params *p, const int8_t *input, int8_t *output)
{
    uint32_t sum = (uint32_t)-p->input_zero_point << 19;
    int32_t at = p->reverse ? (p->length - 1) * p->inner : 0;
    const int32_t step = p->reverse ? -p->inner : p->inner;
    for (int32_t i = 0; i < p->length; ++i) {
        const uint32_t before = sum;
        sum += (uint32_t)(input[at] - p->input_zero_point) << 19;
        output[at] = qmcu_output_s8(p->exclusive ? before : sum, p->multiplier, p->shift,
                                    p->output_zero_point, INT8_MIN, INT8_MAX);
        at += step;
    }
}

void qmcu_cumsum(const qmcu_cumsum_params *params, const int8_t *input, int8_t *output)
{
    const qmcu_cumsum_params *const p = params;
    for (int32_t row = 0; row < p->rows; ++row) {
        for (int32_t i = 0; i < p->inner; ++i) {
            add_up(p, input + i, output + i);
        }
        input += p->length * p->inner;
        output += p->length * p->inner;
    }
}

/* Sums of the integers that came before along an axis, modulo 2^32. */
#include "cumsum_s32.h"

static void add_up(const qmcu_cumsum_f32_params *p, const int32_t *input, int32_t *output)
{
    uint32_t sum = 0;
    int32_t at = p->reverse ? (p->length - 1) * p->inner : 0;
    const int32_t step = p->reverse ? -p->inner : p->inner;
    for (int32_t i = 0; i < p->length; ++i) {
        const uint32_t before = sum;
        sum += (uint32_t)input[at];
        output[at] = (int32_t)(p->exclusive ? before : sum);
        at += step;
    }
}

void qmcu_cumsum_s32(const qmcu_cumsum_f32_params *params, const int32_t *input, int32_t *output)
{
    const qmcu_cumsum_f32_params *const p = params;
    for (int32_t row = 0; row < p->rows; ++row) {
        for (int32_t i = 0; i < p->inner; ++i) {
            add_up(p, input + i, output + i);
        }
        input += p->length * p->inner;
        output += p->length * p->inner;
    }
}

/* Sums of the real numbers that came before along an axis. */
#include "cumsum_f32.h"

static void add_up(const qmcu_cumsum_f32_params *p, const float *input, float *output)
{
    float sum = 0.0f;
    int32_t at = p->reverse ? (p->length - 1) * p->inner : 0;
    const int32_t step = p->reverse ? -p->inner : p->inner;
    for (int32_t i = 0; i < p->length; ++i) {
        const float before = sum;
        sum += input[at];
        output[at] = p->exclusive ? before : sum;
        at += step;
    }
}

void qmcu_cumsum_f32(const qmcu_cumsum_f32_params *params, const float *input, float *output)
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

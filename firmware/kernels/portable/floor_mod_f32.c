/* The remainder of input1 / input2 with the sign of input2, with broadcasting. */
#include "floor_mod_f32.h"

#include "real_functions.h"

/* The remainder of a / b with the sign of a, exact: multiples 2^k * b are subtracted. */
static float remainder_of(float a, float b)
{
    const uint32_t sign = qmcu_bits_of(a) & (1u << 31);
    float rest = qmcu_float_of(qmcu_bits_of(a) & 0x7fffffffu);
    const float size = qmcu_float_of(qmcu_bits_of(b) & 0x7fffffffu);
    if (!(size > 0.0f) || !(rest < (1.0f / 0.0f))) {
        return (a * b) / (a * b);
    }
    if (rest < size) {
        return a;
    }
    float step = size;
    while (rest - step >= step) {
        step += step;
    }
    /* rest < 2 * step: each difference is exact, and so is each half down to size */
    for (; step >= size; step *= 0.5f) {
        rest -= rest >= step ? step : 0.0f;
    }
    return qmcu_float_of(qmcu_bits_of(rest) | sign);
}

static float modulus(float a, float b)
{
    const float rest = remainder_of(a, b);
    return rest != 0.0f && (b < 0.0f) != (rest < 0.0f) ? rest + b : rest;
}

void qmcu_floor_mod_f32(const qmcu_binary_params *params, const float *input1, const float *input2,
                        float *output)
{
    const qmcu_binary_params *const p = params;
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const float *a = input1 + qmcu_walk_offset(&walk, p->strides1);
        const float *b = input2 + qmcu_walk_offset(&walk, p->strides2);
        for (int32_t i = 0; i < length; ++i) {
            *output++ = modulus(*a, *b);
            a += step1;
            b += step2;
        }
    } while (qmcu_walk_next(&walk, p->shape));
}

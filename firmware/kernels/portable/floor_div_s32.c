/* The next whole number below input1 / input2, modulo 2^32; 0 for a divisor of 0, with broadcasting. */
#include "floor_div_s32.h"

static int32_t quotient(int32_t a, int32_t b)
{
    if (b == 0 || b == -1) {
        return b == 0 ? 0 : (int32_t)(0u - (uint32_t)a);
    }
    return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

void qmcu_floor_div_s32(const qmcu_binary_params *params, const int32_t *input1,
                        const int32_t *input2, int32_t *output)
{
    const qmcu_binary_params *const p = params;
    const int32_t length = p->shape[QMCU_WALK_RANK - 1];
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const int32_t *a = input1 + qmcu_walk_offset(&walk, p->strides1);
        const int32_t *b = input2 + qmcu_walk_offset(&walk, p->strides2);
        for (int32_t i = 0; i < length; ++i) {
            *output++ = quotient(*a, *b);
            a += step1;
            b += step2;
        }
    } while (qmcu_walk_next(&walk, p->shape));
}

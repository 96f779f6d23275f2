/* The remainder of input1 / input2 with the sign of input2; 0 for a divisor of 0, with broadcasting. */
#include "floor_mod_s32.h"

static int32_t modulus(int32_t a, int32_t b)
{
    if (b == 0 || b == -1) {
        return 0;
    }
    const int32_t rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

void qmcu_floor_mod_s32(const qmcu_binary_params *params, const int32_t *input1,
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
            *output++ = modulus(*a, *b);
            a += step1;
            b += step2;
        }
    } while (qmcu_walk_next(&walk, p->shape));
}

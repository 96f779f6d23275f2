/* Four filters of int8 times a column of int16: 10 instructions for 32 products. */
#include "quads_s16_mve.h"

#include "mve.h"

void qmcu_quads_s16_mve(const qmcu_quads_s16 *quads, const int16_t *column, const int8_t *weights,
                        const int32_t *bias, const int32_t *multipliers, int16_t *output)
{
    const int32_t depth = quads->depth;
    const int8_t *const last = weights + (quads->outputs - 1) * depth;
    for (int32_t left = quads->outputs; left > 0; left -= 4) {
        const int16_t *input = column;
        const int8_t *a = weights, *b = a + depth, *c = b + depth, *d = c + depth;
        weights = d + depth;
        b = b < last ? b : last;
        c = c < last ? c : last;
        d = d < last ? d : last;
        int32_t sum_a = 0, sum_b = 0, sum_c = 0, sum_d = 0;
        /* As in quad_mve.h. */
        __asm volatile("wlstp.16 lr, %[count], 1f\n\t"
                       "2: vldrh.16 q0, [%[input]], #16\n\t"
                       "vldrb.s16 q1, [%[a]], #8\n\t"
                       "vmladava.s16 %[sum_a], q0, q1\n\t"
                       "vldrb.s16 q1, [%[b]], #8\n\t"
                       "vmladava.s16 %[sum_b], q0, q1\n\t"
                       "vldrb.s16 q1, [%[c]], #8\n\t"
                       "vmladava.s16 %[sum_c], q0, q1\n\t"
                       "vldrb.s16 q1, [%[d]], #8\n\t"
                       "vmladava.s16 %[sum_d], q0, q1\n\t"
                       "letp lr, 2b\n"
                       "1:"
                       : [sum_a] "+Te"(sum_a), [sum_b] "+Te"(sum_b), [sum_c] "+Te"(sum_c),
                         [sum_d] "+Te"(sum_d), [input] "+r"(input), [a] "+r"(a), [b] "+r"(b),
                         [c] "+r"(c), [d] "+r"(d)
                       : [count] "r"(depth)
                       : "q0", "q1", "lr", "memory");
        int32x4_t sums = vaddq_s32(qmcu_mve_four(sum_a, sum_b, sum_c, sum_d), vldrwq_s32(bias));
        sums = vrmulhq_s32(sums, vldrwq_s32(multipliers));
        sums = vmaxq_s32(sums, vdupq_n_s32(quads->activation_minimum));
        sums = vminq_s32(sums, vdupq_n_s32(quads->activation_maximum));
        vstrhq_p_s32(output, sums, vctp32q((uint32_t)left));
        output += 4;
        bias += 4;
        multipliers += 4;
    }
}

/* add_s16 by the vector extension MVE, four at a time. */
#include "add_s16_mve.h"

#include "pairs_s16_mve.h"

void qmcu_add_s16_mve(const qmcu_add_s16_mve_params *params, const int16_t *input1,
                      const int16_t *input2, int16_t *output)
{
    const qmcu_add_s16_mve_params *const p = params;
    const qmcu_scaling_mve first = qmcu_scaling_of(p->input1_multiplier, p->input1_shift);
    const qmcu_scaling_mve second = qmcu_scaling_of(p->input2_multiplier, p->input2_shift);
    const qmcu_scaling_mve last = qmcu_scaling_of(p->output_multiplier, p->output_shift);
    /* With 15 bits more at the common scale, as add_s16.c says, 14 of the input that is halved;
       nothing is shifted to the left. */
    const int32_t sign = p->input2_sign;
#define X1(a) qmcu_scaled_mve(vshlq_n_s32(a, 15), &first, 0)
#define X2(b) qmcu_scaled_mve(vshlq_n_s32(b, 15), &second, 0)
#define FIRST_HALVED(a, b) qmcu_scaled_mve(vmlaq_n_s32(vshlq_n_s32(a, 14), X2(b), sign), &last, 0)
#define SECOND_HALVED(a, b) qmcu_scaled_mve(vmlaq_n_s32(X1(a), b, sign * (1 << 14)), &last, 0)
    if (QMCU_IS_HALVED_S16(p->input1_multiplier, p->input1_shift)) {
        QMCU_PAIRS_OF_HALFWORDS(FIRST_HALVED, p, input1, input2, output);
    } else {
        QMCU_PAIRS_OF_HALFWORDS(SECOND_HALVED, p, input1, input2, output);
    }
}

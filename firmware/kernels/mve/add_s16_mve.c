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
    /* With 15 bits more at the common scale, as add_s16.c says; nothing is shifted to the left. */
#define X1(a) qmcu_scaled_mve(vshlq_n_s32(a, 15), &first, 0)
#define X2(b) qmcu_scaled_mve(vshlq_n_s32(b, 15), &second, 0)
#define SUM(a, b) qmcu_scaled_mve(vaddq_s32(X1(a), X2(b)), &last, 0)
#define DIFFERENCE(a, b) qmcu_scaled_mve(vsubq_s32(X1(a), X2(b)), &last, 0)
    if (p->input2_sign > 0) {
        QMCU_PAIRS_OF_HALFWORDS(SUM, p, input1, input2, output);
    } else {
        QMCU_PAIRS_OF_HALFWORDS(DIFFERENCE, p, input1, input2, output);
    }
}

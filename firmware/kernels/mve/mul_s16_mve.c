/* mul_s16 by the vector extension MVE, four at a time. */
#include "mul_s16_mve.h"

#include "pairs_s16_mve.h"

void qmcu_mul_s16_mve(const qmcu_mul_s16_mve_params *params, const int16_t *input1,
                      const int16_t *input2, int16_t *output)
{
    const qmcu_mul_s16_mve_params *const p = params;
    const qmcu_scaling_mve scaling = qmcu_scaling_of(p->output_multiplier, p->output_shift);
#define PRODUCT(a, b) qmcu_scaled_mve(vmulq_s32(a, b), &scaling, 1)
    QMCU_PAIRS_OF_HALFWORDS(PRODUCT, p, input1, input2, output);
}

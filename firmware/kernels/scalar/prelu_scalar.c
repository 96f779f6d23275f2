#ifdef __ARM_ARCH_6M__
#include "small.h"
#endif

#include "prelu_scalar.h"

#include "output_scalar.h"

void qmcu_prelu_scalar(const qmcu_prelu_scalar_params *params, const int8_t *input,
                       const int8_t *alpha, int8_t *output)
{
    const qmcu_prelu_scalar_params *const p = params;
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    const qmcu_output_limits limits = {p->output_zero_point, INT8_MIN, INT8_MAX};
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const int8_t *a = input + qmcu_walk_offset(&walk, p->strides1);
        const int8_t *b = alpha + qmcu_walk_offset(&walk, p->strides2);
        for (const int8_t *const end = output + p->shape[QMCU_WALK_RANK - 1]; output != end;) {
            int32_t value = *a - p->input_zero_point;
            int32_t multiplier = p->positive_multiplier, shift = p->positive_shift;
            if (value < 0) {
                value *= *b - p->alpha_zero_point;
                multiplier = p->negative_multiplier;
                shift = p->negative_shift;
            }
            *output++ = qmcu_scalar_output((uint32_t)value, multiplier, shift, &limits);
            a += step1;
            b += step2;
        }
    } while (qmcu_walk_next(&walk, p->shape));
}

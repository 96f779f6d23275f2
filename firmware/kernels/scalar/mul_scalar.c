#ifdef __ARM_ARCH_6M__
#include "small.h"
#endif

#include "mul_scalar.h"

#include "output_scalar.h"
#include "uses_scalar.h"

void qmcu_mul_scalar(const qmcu_mul_scalar_params *params, const int8_t *input1,
                     const int8_t *input2, int8_t *output)
{
    const qmcu_mul_scalar_params *const p = params;
    const int32_t step1 = p->strides1[QMCU_WALK_RANK - 1];
    const int32_t step2 = p->strides2[QMCU_WALK_RANK - 1];
    const qmcu_output_limits limits = {p->output_zero_point, p->activation_minimum,
                                       p->activation_maximum};
    const int32_t multiplier = p->output_multiplier, shift = p->output_shift;
    if (!QMCU_USES_LARGE_PRODUCTS && shift >= 0) { /* of no layer of the image */
        __builtin_unreachable();
    }
    qmcu_walk walk = qmcu_walk_begin();
    do {
        const int8_t *a = input1 + qmcu_walk_offset(&walk, p->strides1);
        const int8_t *b = input2 + qmcu_walk_offset(&walk, p->strides2);
        for (const int8_t *const end = output + p->shape[QMCU_WALK_RANK - 1]; output != end;) {
            const int32_t product = (*a - p->input1_zero_point) * (*b - p->input2_zero_point);
            *output++ = qmcu_scalar_output((uint32_t)product, multiplier, shift, &limits);
            a += step1;
            b += step2;
        }
    } while (qmcu_walk_next(&walk, p->shape));
}

/* softmax.c with the high product of cores that multiply 32 by 32 bits to 32. */
#include "small.h"

#include "softmax_scalar.h"

#include "output_scalar.h"
#define HIGH_MULTIPLY qmcu_scalar_high_multiply
#include "fixed_exponential.h"
#include "softmax_code.h"

static __attribute__((noinline)) int32_t exp_of_difference(const qmcu_softmax_params *p,
                                                           int32_t difference)
{
    const int32_t shifted = (int32_t)((uint32_t)difference << p->shift);
    return exp_of_negative(qmcu_scalar_high_multiply(shifted, p->multiplier));
}

void qmcu_softmax_scalar(const qmcu_softmax_scalar_params *params, const int8_t *input,
                         int8_t *output)
{
    qmcu_softmax_by(params, input, output, exp_of_difference);
}

#include "softmax.h"

#include "fixed_exponential.h"
#include "softmax_code.h"

/* Its two calls would take some 120 bytes more with what is inlined there. */
static __attribute__((noinline)) int32_t exp_of_difference(const qmcu_softmax_params *p,
                                                           int32_t difference)
{
    return exp_of_negative(qmcu_requantize(difference, p->multiplier, p->shift));
}

void qmcu_softmax(const qmcu_softmax_params *params, const int8_t *input, int8_t *output)
{
    qmcu_softmax_by(params, input, output, exp_of_difference);
}
